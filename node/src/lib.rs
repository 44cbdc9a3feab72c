//! The node.

pub mod api;
mod ballast;
pub mod cli;
pub mod config;
mod connector;
mod demo;
pub mod engine;
pub mod exchange;
mod foreign;
pub mod front;
mod guide_page;
mod http;
pub mod materials;
mod paper;
pub mod raft;
pub mod room;
pub mod runtime;
mod search;
pub mod telemetry;
