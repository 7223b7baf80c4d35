//! The servers, a file each, the ground that they stand on, who talks to them, and what they are led through.

pub(crate) mod aiosmtpd;
mod battery;
pub(crate) mod cyrus;
pub(crate) mod desk;
pub(crate) mod dovecot;
pub(crate) mod exim;
mod extensions;
pub(crate) mod ground;
pub(crate) mod haraka;
mod logins;
pub(crate) mod opensmtpd;
pub(crate) mod postfix;
pub(crate) mod proxies;
mod routes;
pub(crate) mod walk;
