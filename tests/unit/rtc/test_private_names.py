"""Every private name of aiortc and aioice that rtc/aiortc_internals/ uses is still there."""

from __future__ import annotations

import inspect

import pytest
from aioice.ice import Connection
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcpeerconnection import RTCPeerConnection
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

METHODS = {
    RTCPeerConnection: ("_RTCPeerConnection__createTransceiver", "_RTCPeerConnection__remoteDescription"),
    RTCRtpTransceiver: ("_get_mline_index",),
    RTCRtpReceiver: ("_handle_rtp_packet", "_handle_rtcp_packet", "_handle_disconnect", "_set_rtcp_ssrc"),
    RTCRtpSender: ("_handle_rtcp_packet", "_run_rtp", "_retransmit", "_send_keyframe", "_send_rtcp"),
    RTCDtlsTransport: (
        "_handle_rtcp_data",
        "_send_rtp",
        "_register_rtp_receiver",
        "_unregister_rtp_receiver",
    ),
    Connection: ("get_component_candidates",),
}
ATTRIBUTES = {
    RTCPeerConnection: ("__transceivers", "__dtlsTransports", "__isClosed"),
    RTCRtpTransceiver: ("_codecs", "_bundled"),
    RTCRtpReceiver: ("_enabled",),
    RTCRtpSender: (
        "__octet_count",
        "__packet_count",
        "__mid",
        "__rtp_started",
        "__rtp_exited",
        "__rtp_header_extensions_map",
        "__rtx_payload_type",
        "__rtx_sequence_number",
        "_rtx_ssrc",
        "_ssrc",
        "_enabled",
        "_stream_id",
    ),
    RTCDtlsTransport: ("__rx_bytes", "__tx_bytes", "__rx_packets"),
    RTCIceTransport: ("_connection", "__start"),
    Connection: ("_nominated", "_query_consent_task"),
}


@pytest.mark.parametrize("owner", METHODS)
def test_every_private_method_that_we_use_is_there(owner: type) -> None:
    assert [name for name in METHODS[owner] if not hasattr(owner, name)] == []


@pytest.mark.parametrize("owner", ATTRIBUTES)
def test_every_private_attribute_that_we_use_is_there(owner: type) -> None:
    source = inspect.getsource(owner)
    assert [name for name in ATTRIBUTES[owner] if f"self.{name}" not in source] == []
