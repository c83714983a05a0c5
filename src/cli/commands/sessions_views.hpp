#pragma once

#include <string>
#include <vector>

#include "json/value.hpp"
#include "session/session_manager.hpp"
#include "store/session_repository.hpp"

namespace oap::cli {

/// A session as a person or program is shown it.
struct SessionView {
  store::SessionRecord record;
  session::SessionState state;
  std::vector<session::StoredMessage> rows;
  std::int64_t messages = 0;  ///< all, also where `rows` are only the newest
};

// Pure. Nothing in the texts can hide or steer a terminal.
json::Object summary_json(const store::SessionRecord& record, std::int64_t messages);
std::string summary_line(const store::SessionRecord& record, std::int64_t messages);
/// {session…, messages: [{seq, at, role, blocks} | {seq, at, compaction}]}
json::Object session_json(const SessionView& view);
/// Each message with its number; results cut to a few lines unless `full`.
std::string session_text(const SessionView& view, bool full);
/// A line {"type":"session"…}, then one a message or compaction.
std::string session_lines(const SessionView& view);
std::string session_markdown(const SessionView& view);

}  // namespace oap::cli
