#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hosts/event.hpp"
#include "model/tool.hpp"

namespace oap::hosts {

/// What a host's tool call means in our terms. Data.
struct Translation {
  /// The calls that stand for it: all must be allowed. A tool of the host that is none of ours is
  /// (the host's name, its own name), as a configured server's would be.
  std::vector<ToolCall> calls;
  /// The host's own bookkeeping (a to-do list, a question to the person): nothing to decide.
  bool internal = false;
  std::string cwd = {};  ///< where the call starts, where it names a folder itself; else ""
};

/// Paths become absolute from the event's folder, so that the policy sees what the host will touch.
/// `servers` are the MCP servers that are known: where a host joins server and tool by one "_", the
/// longest of them that fits is the server, else the first word. Pure. Sources: as in event.hpp;
/// opencode.ai/docs/tools; patches: the grammar of Codex's apply_patch.
Translation translate(Host host, const Event& event, std::span<const std::string> servers = {});

/// The host's arguments for a call that was changed before it was allowed: nothing where the host's
/// tool cannot express the change. `index` is of `translation.calls`. Pure.
std::optional<json::Object> rewritten_input(Host host, const Event& event,
                                            const Translation& translation, std::size_t index,
                                            const json::Object& arguments);

/// The files that a patch in Codex's form adds, changes, deletes and moves to, and what it adds.
struct PatchFile {
  std::string path;
  bool deletes = false;
  std::string added;
};
std::vector<PatchFile> patch_files(std::string_view patch);

}  // namespace oap::hosts
