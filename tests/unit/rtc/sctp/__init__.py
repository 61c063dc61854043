"""Tests of rtc/sctp/."""
