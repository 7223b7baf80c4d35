//! The transcripts kept on disk.
//!
//! Not here: sockets, screens.
