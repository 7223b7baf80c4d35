//! The servers, a file each, the ground that they stand on, and what they are led through.

pub(crate) mod aiosmtpd;
pub(crate) mod dovecot;
pub(crate) mod exim;
pub(crate) mod ground;
pub(crate) mod haraka;
pub(crate) mod opensmtpd;
pub(crate) mod postfix;
pub(crate) mod walk;
