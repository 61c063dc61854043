"""Cameras, microphones, speakers, files, test patterns and audio processing."""
