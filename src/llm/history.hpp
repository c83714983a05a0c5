#pragma once

#include <vector>

#include "model/message.hpp"

namespace oap::llm {

/// The same conversation in the form that every wire dialect accepts: neighbouring messages of one
/// role are one; blank texts and empty messages are gone; after each assistant message with tool
/// calls comes a user message that begins with exactly one result for each, in the calls' order (a
/// missing one says so), and a result that answers no call of the message before it is text. Pure.
std::vector<Message> well_formed(const std::vector<Message>& messages);

}  // namespace oap::llm
