#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model/message.hpp"

namespace oap::session {

/// What stands in the store where a conversation was shortened. What is before it stays there; it
/// is no longer sent.
struct Compaction {
  Message summary;             ///< of the user's role: what is sent in the place of all before
  std::int64_t kept_from = 0;  ///< number of the first message that is still sent
  std::int64_t tokens_before = 0;
  std::int64_t window = 0;
  std::string reason;  ///< "full" or "too long for the model"
};
json::Value to_json(const Compaction& compaction);
/// Nothing where the value is no compaction printed by `to_json`.
std::optional<Compaction> compaction_from_json(const json::Value& value);

/// What must survive a compaction, whoever writes the summary. Data.
struct Facts {
  std::string objective;              ///< word for word
  std::string plan;                   ///< as decided
  std::vector<std::string> evidence;  ///< what was run or changed and how it ended, oldest first
  std::vector<std::string> files;     ///< changed files
  std::string open_items;             ///< a line each
  std::string next_edit;              ///< one concrete act
  std::string notes;
};

/// Reads the facts out of a conversation: the objective is the first thing the user asked (or what
/// an earlier compaction kept), the plan the newest list of steps that the model wrote, evidence
/// and files are the calls with their results, the next act what the model said last. Bounded.
/// Pure.
Facts facts_of(const std::vector<Message>& history);

/// The facts of a summary that the model wrote under the headings of `compaction_request`; whatever
/// it left out is taken from `known`, and the objective always is. Pure.
Facts merge_summary(Facts known, std::string_view summary);

/// What the model is asked for.
std::string compaction_request();

/// The message that takes the place of all that was before: says that the plan is decided and what
/// the next act is. Pure.
Message compose_summary(const Facts& facts);
bool is_summary(const Message& message);

/// How many of the newest messages stay word for word: as many as fit into `bytes`, beginning with
/// an assistant's message or a user's text, never with results whose calls are gone, and never all.
/// Pure.
std::size_t messages_to_keep(const std::vector<Message>& history, std::size_t bytes);

/// The bytes of a message's texts and arguments, for estimates.
std::size_t size_of(const Message& message);

/// The same conversation with every tool result cut to `bytes`: for a model that refused the whole.
std::vector<Message> thinned(std::vector<Message> history, std::size_t bytes);

}  // namespace oap::session
