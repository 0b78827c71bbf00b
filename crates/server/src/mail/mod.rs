//! Mail: what there is to say, its words in every language, its form, the queue, and the mail server.

mod accent;
mod dto;
mod message;
mod notices;
mod queue;
mod routes;
mod smtp;
mod texts;
mod writing;

pub use message::{Change, Circumstances, Message};
pub use notices::{commit_and_send, tell, tell_of_change};
pub use queue::{QueueError, enqueue, run_due};
pub use routes::routes;
pub use smtp::{MailServer, SetupError};
