"""Every private name of aiortc and aioice that rtc/aiortc_internals/ uses is still there."""

from __future__ import annotations

import inspect

import pytest
from aioice.ice import Connection
from aiortc.rtcdatachannel import RTCDataChannel
from aiortc.rtcdtlstransport import RTCDtlsTransport, RtpRouter
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcpeerconnection import RTCPeerConnection
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtcsctptransport import RTCSctpTransport

METHODS = {
    RTCPeerConnection: (
        "_RTCPeerConnection__connect",
        "_RTCPeerConnection__createSctpTransport",
        "_RTCPeerConnection__createTransceiver",
        "_RTCPeerConnection__remoteDescription",
    ),
    RTCRtpTransceiver: ("_get_mline_index",),
    RTCRtpReceiver: ("_handle_rtp_packet", "_handle_rtcp_packet", "_handle_disconnect", "_set_rtcp_ssrc"),
    RTCRtpSender: ("_handle_rtcp_packet", "_run_rtp", "_retransmit", "_send_keyframe", "_send_rtcp"),
    RTCDtlsTransport: (
        "_handle_rtcp_data",
        "_send_rtp",
        "_register_rtp_receiver",
        "_unregister_rtp_receiver",
    ),
    RTCSctpTransport: (
        "State",
        "_data_channel_close",
        "_data_channel_closed",
        "_data_channel_flush",
        "_data_channel_send",
        "_handle_data",
        "_receive_chunk",
        "_reconfig_timer_start",
        "_reset_deferred_streams",
        "_send_chunk",
        "_send_reconfig_param",
        "_set_state",
        "_t1_expired",
        "_transmit_reconfig",
    ),
    RTCDataChannel: ("_addBufferedAmount", "_setId", "_setReadyState"),
    RtpRouter: ("route_rtp",),
    Connection: ("build_request", "get_component_candidates", "query_consent", "send"),
}
ATTRIBUTES = {
    RTCPeerConnection: ("__certificates", "__transceivers", "__dtlsTransports", "__isClosed", "__sctp"),
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
    RTCDtlsTransport: (
        "__rx_bytes",
        "__tx_bytes",
        "__rx_packets",
        "__tx_packets",
        "__local_certificate",
        "_ssl",
        "_state",
        "_rtp_router",
        "_rtp_header_extensions_map",
    ),
    RtpRouter: ("receivers", "ssrc_table", "mid_table"),
    RTCSctpTransport: (
        "_association_state",
        "_bundled",
        "_data_channel_id",
        "_data_channel_inbound_reset",
        "_data_channel_outbound_reset",
        "_data_channel_queue",
        "_data_channels",
        "_last_received_tsn",
        "_local_port",
        "_local_tsn",
        "_local_verification_tag",
        "_outbound_stream_seq",
        "_reconfig_deferred",
        "_reconfig_queue",
        "_reconfig_request",
        "_reconfig_request_seq",
        "_reconfig_response_seq",
        "_remote_extensions",
        "_remote_max_message_size",
        "_remote_partial_reliability",
        "_remote_port",
        "_remote_verification_tag",
        "_rto",
        "_ssthresh",
        "_t1_chunk",
        "_t1_failures",
        "_t1_handle",
    ),
    RTCIceTransport: ("_connection", "_send", "__start"),
    Connection: (
        "_check_list_done",
        "_closing",
        "_nominated",
        "_protocols",
        "_query_consent_task",
        "_remote_candidates",
        "ice_controlling",
        "remote_password",
    ),
}


@pytest.mark.parametrize("owner", METHODS)
def test_every_private_method_that_we_use_is_there(owner: type) -> None:
    assert [name for name in METHODS[owner] if not hasattr(owner, name)] == []


@pytest.mark.parametrize("owner", ATTRIBUTES)
def test_every_private_attribute_that_we_use_is_there(owner: type) -> None:
    source = inspect.getsource(owner)
    assert [name for name in ATTRIBUTES[owner] if f"self.{name}" not in source] == []
