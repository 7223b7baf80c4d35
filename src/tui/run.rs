//! The loop: waits for the terminal, the wire and background results, updates, carries out effects, draws.
