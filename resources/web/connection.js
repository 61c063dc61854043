// What all connections of this page have in common.

/** A connection over one transport; without the ICE servers when they are not usable. */
export function newConnection(iceServers, certificate = null) {
  const policy = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" };
  if (certificate !== null && certificate.expires > Date.now()) {
    policy.certificates = [certificate];
  }
  try {
    return new RTCPeerConnection({ ...policy, iceServers });
  } catch (error) {
    console.warn("the server's ICE servers are not usable", error);
    return new RTCPeerConnection(policy);
  }
}

/** One for all connections of a call, so that its safety codes stay (docs/rights.md); null where there is none. */
export async function newCertificate() {
  try {
    return await RTCPeerConnection.generateCertificate({ name: "ECDSA", namedCurve: "P-256" });
  } catch (error) {
    console.warn("the browser makes no certificate; each connection has its own", error);
    return null;
  }
}
