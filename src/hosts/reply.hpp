#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hosts/event.hpp"
#include "model/permission.hpp"

namespace oap::hosts {

/// What the hook's process does: its exit code and what it writes.
struct Reply {
  int exit_code = 0;
  std::string out;
  std::string err;
  bool denied = false;  ///< the call does not run
};

/// What was decided of a kBefore event.
struct Verdict {
  Level level = Level::kAllow;
  std::string reason;                 ///< a sentence for the model and the person
  std::optional<json::Object> input;  ///< kAllow: the arguments to run instead
  bool has_opinion = true;            ///< false: the host's own rules decide alone
};

/// An ask goes to the person where the host can be made to ask, and is a denial elsewhere.
bool can_ask(Host host);
/// Whether the host lets a hook replace what a tool answered.
bool can_replace(Host host);

/// The reason of a denial that stands for a question which nobody can answer, and the way out.
std::string unasked(Host host, std::string_view reason);

Reply reply_before(Host host, const Event& event, const Verdict& verdict);
/// `replacement` is the response without its secrets, in the form in which it came; nothing: it
/// stays. Where the host cannot replace it, the reply says so on stderr.
Reply reply_after(Host host, const Event& event, const std::optional<json::Value>& replacement);
/// A note for the person who wrote the prompt; "": nothing to say.
Reply reply_prompt(Host host, const Event& event, const std::string& note);
/// No decision was possible: the call is denied, an answer withheld. `event` null: it could not be
/// read.
Reply reply_failed(Host host, const Event* event, std::string_view why);

/// A host's tool response as text: strings, content blocks, or JSON.
std::string response_text(const json::Value& response);

}  // namespace oap::hosts
