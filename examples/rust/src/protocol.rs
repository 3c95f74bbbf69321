//! The messages of the original protocol. The order of fields is the order on the wire in compact form.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Serialize, Deserialize)]
pub struct Message {
    pub id: Uuid,
    pub timestamp: DateTime<Utc>,
    pub payload: Payload,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Payload {
    LogEntry { level: Level, component: String, message: String, metadata: Option<serde_json::Value> },
    StartMonitoring { path: PathBuf, recursive: bool, patterns: Vec<String> },
    StopMonitoring { path: PathBuf },
    SessionStart { session_id: String, identity: String, agent_type: Option<String> },
    SessionEnd { session_id: String },
    QueryLogs { filter: Filter, limit: usize },
    /// Added by codi: answered with Status.
    Health,
    /// Added by codi: says who is there, answered with Welcome.
    Hello { version: u32, client: Option<String>, producer_id: Option<String>, token: Option<String> },
    Acknowledgment { request_id: Uuid, status: Status },
    LogResults { entries: Vec<Entry>, total_count: usize },
    Error { code: String, message: String, details: Option<serde_json::Value> },
    Status { components: Vec<Component>, uptime: Duration },
    Welcome { version: u32, server: String },
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Status {
    Accepted,
    Queued,
    Rejected(String),
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Filter {
    pub level: Option<Level>,
    pub component: Option<String>,
    pub session_id: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub text: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    pub id: u64,
    pub timestamp: DateTime<Utc>,
    pub level: Level,
    pub component: String,
    pub session_id: Option<String>,
    pub message: String,
    pub metadata: Option<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Component {
    pub name: String,
    pub state: String,
    pub restarts: u32,
}

impl Message {
    pub fn new(payload: Payload) -> Self {
        let timestamp = Utc::now();
        // Any id will do that is different for each message; here time and process.
        let unique = (timestamp.timestamp_nanos() as u128) << 32 | u128::from(std::process::id());
        Self { id: Uuid::from_u128(unique), timestamp, payload }
    }
}

impl Payload {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LogEntry { .. } => "LogEntry",
            Self::StartMonitoring { .. } => "StartMonitoring",
            Self::StopMonitoring { .. } => "StopMonitoring",
            Self::SessionStart { .. } => "SessionStart",
            Self::SessionEnd { .. } => "SessionEnd",
            Self::QueryLogs { .. } => "QueryLogs",
            Self::Health => "Health",
            Self::Hello { .. } => "Hello",
            Self::Acknowledgment { .. } => "Acknowledgment",
            Self::LogResults { .. } => "LogResults",
            Self::Error { .. } => "Error",
            Self::Status { .. } => "Status",
            Self::Welcome { .. } => "Welcome",
        }
    }
}
