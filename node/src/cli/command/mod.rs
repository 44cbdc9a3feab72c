//! One file per noun; a command turns its arguments into a request and shows the answer.

pub(super) mod aggregate;
pub(super) mod agreement;
pub(super) mod anchor;
pub(super) mod application;
pub(super) mod authority;
pub(super) mod calendar;
pub(super) mod case;
pub(super) mod code;
pub(super) mod completions;
pub(super) mod config;
pub(super) mod division;
pub(super) mod doctor;
pub(super) mod front;
pub(super) mod init;
pub(super) mod invite;
pub(super) mod item;
pub(super) mod item_search;
pub(super) mod join;
pub(super) mod journal;
pub(super) mod licence;
pub(super) mod material;
pub(super) mod operator;
pub(super) mod order;
pub(super) mod peer;
pub(super) mod rate;
pub(super) mod run;
pub(super) mod status;
pub(super) mod supervise;
pub(super) mod sync;
pub(super) mod ticket;

use super::failure::{Failure, Outcome};
use super::{Command, Context};

/// Carries out a command.
pub(super) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Init(args) => init::run(context, args),
        Command::Config(command) => config::run(context, &command),
        Command::Run(args) => run::run(context, &args),
        Command::Status => status::run(context),
        Command::Doctor => doctor::run(context),
        Command::Invite(args) => invite::run(context, &args),
        Command::Join(args) => join::run(context, args),
        Command::Peer(command) => peer::run(context, &command),
        Command::Anchor(command) => anchor::run(context, &command),
        Command::Authority(command) => authority::run(context, command),
        Command::Agreement(command) => agreement::run(context, command),
        Command::Division(command) => division::run(context, command),
        Command::Operator(command) => operator::run(context, command),
        Command::Code(command) => code::run(context, &command),
        Command::Calendar(command) => calendar::run(context, &command),
        Command::Item(command) => item::run(context, command),
        Command::Case(command) => case::run(context, command),
        Command::Licence(command) => licence::run(context, command),
        Command::Supervise(command) => supervise::run(context, command),
        Command::Rate(command) => rate::run(context, command),
        Command::Ticket(command) => ticket::run(context, command),
        Command::Application(command) => application::run(context, command),
        Command::Order(command) => order::run(context, command),
        Command::Front(command) => front::names::run(context, command),
        Command::Aggregate(command) => aggregate::run(context, &command),
        Command::Journal(command) => journal::run(context, &command),
        Command::Sync(command) => sync::run(context, &command),
        Command::Demo(args) => crate::demo::run(context.output, context.dir.as_deref(), &args),
        Command::Completions(args) => completions::run(&args),
    }
}
