#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/message.hpp"

namespace oap::llm {

/// The call with its arguments read from the text that the model wrote: "" is `{}`, anything but a
/// JSON object goes to `invalid_arguments`. An empty id is replaced by a fresh one.
ToolUseBlock read_call(std::string id, std::string name, std::string_view arguments);

/// Marks a call that must not run although it may look whole, because the answer was cut off.
void mark_cut(ToolUseBlock& call, std::string_view why);

/// Marks the last block if it is a call: an answer that ran into its token limit may have cut it.
void mark_last_cut(std::vector<Block>& blocks);
/// Marks every call: an answer that was refused on the way must have no effects.
void mark_all_withheld(std::vector<Block>& blocks);

/// Gives each call of the message an id of its own.
void make_ids_unique(std::vector<Block>& blocks);

}  // namespace oap::llm
