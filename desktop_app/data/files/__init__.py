"""Files from participant to participant, which go on after a lost connection and a restart."""
