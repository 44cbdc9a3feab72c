//! Clusters of real binaries, the simulator, transcripts.
