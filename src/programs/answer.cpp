#include "programs/answer.hpp"

#include <iterator>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::programs {
namespace {

constexpr std::size_t kMostText = 10'000;
constexpr std::size_t kMostDepth = 64;

/// A program's words as they may reach a model or a person.
std::string bounded(std::string_view words) {
  const std::string clean = text::sanitize_utf8(text::trim(words));
  const std::string_view cut = text::truncate_utf8(clean, kMostText);
  return std::string(cut) + (cut.size() < clean.size() ? "\n[cut at 10,000 characters]" : "");
}

std::string first_line(std::string_view words) {
  const std::string_view trimmed = text::trim(words);
  return text::escape_visible(text::truncate_utf8(trimmed.substr(0, trimmed.find('\n')), 300));
}

/// Words on stdout become a part of the conversation at these events.
bool adds_plain_text(Event event) {
  return event == Event::kSessionStart || event == Event::kUserPromptSubmit;
}

class Reading {
 public:
  Reading(const Handler& handler, const Ending& ending) : handler_(handler), ending_(ending) {}

  Answer run() {
    answer_.by = handler_.shown();
    if (!ending_.fault.empty()) {
      fault(ending_.fault);
    } else if (ending_.timed_out) {
      fault(fmt::format("did not end within {} s",
                        static_cast<double>(handler_.timeout.count()) / 1000));
    } else if (ending_.exit_code == 2) {
      block();
    } else {
      words();
    }
    return std::move(answer_);
  }

 private:
  void fault(const std::string& why) {
    answer_.faults.push_back(fmt::format("the {} hook `{}` ({}) {}", to_string(handler_.event),
                                         handler_.shown(), handler_.file, why));
    if (handler_.denies_on_failure() && answer_.decision != Decision::kDeny) {
      answer_.decision = Decision::kDeny;
      answer_.reason = answer_.faults.back() + ", and what a failed hook guards is not done";
    }
  }

  void block() {
    answer_.decision = Decision::kDeny;
    answer_.reason = bounded(ending_.err);
    if (answer_.reason.empty()) {
      answer_.reason = fmt::format("blocked by the hook `{}`", handler_.shown());
    }
  }

  void words() {
    const std::string_view out = text::trim(ending_.out);
    const bool failed = ending_.exit_code != 0;
    if (out.starts_with('{')) {
      auto parsed = json::parse_object(out, {kMostDepth, 1U << 20U});
      if (parsed) {
        read(*parsed);
      } else if (!failed) {
        return fault("answered with JSON that cannot be read: " + parsed.error().message());
      }
    } else if (!failed && adds_plain_text(handler_.event) && !out.empty()) {
      answer_.context.push_back(bounded(out));
    }
    if (failed) {
      const std::string line = first_line(ending_.err);
      fault(
          fmt::format("ended with code {}{}{}", ending_.exit_code, line.empty() ? "" : ": ", line));
    }
  }

  void read(const json::Object& said) {
    if (!json::get_bool(said, "continue", true)) {
      answer_.stop = true;
      answer_.stop_reason = bounded(json::get_string(said, "stopReason"));
    }
    add(answer_.told, said, "systemMessage");
    const std::string_view decision = json::get_string(said, "decision");
    if (decision == "block" || decision == "deny") {
      decide(Decision::kDeny, json::get_string(said, "reason"));
    } else if (decision == "approve" || decision == "allow") {
      decide(Decision::kAllow, json::get_string(said, "reason"));
    }
    const json::Object* const specific = json::find_object(said, "hookSpecificOutput");
    if (specific == nullptr) {
      return;
    }
    const std::string_view name =
        json::get_string(*specific, "hookEventName", to_string(handler_.event));
    if (name != to_string(handler_.event)) {
      return fault(fmt::format("answered for another event ({})",
                               text::escape_visible(text::truncate_utf8(name, 100))));
    }
    read_specific(*specific);
  }

  void read_specific(const json::Object& said) {
    add(answer_.context, said, "additionalContext");
    if (handler_.event == Event::kPreToolUse) {
      read_permission(said);
    } else if (handler_.event == Event::kPermissionRequest) {
      read_request(said);
    } else if (handler_.event == Event::kPostToolUse) {
      for (const std::string_view member : {"updatedToolOutput", "updatedMCPToolOutput"}) {
        if (const json::Value* const output = json::find(said, member);
            output != nullptr && !output->is_null()) {
          answer_.output = *output;
        }
      }
    }
  }

  void read_permission(const json::Object& said) {
    const std::string_view word = json::get_string(said, "permissionDecision");
    const std::string_view reason = json::get_string(said, "permissionDecisionReason");
    if (word == "deny") {
      decide(Decision::kDeny, reason);
    } else if (word == "ask" || word == "defer") {
      decide(Decision::kAsk, reason);
    } else if (word == "allow") {
      decide(Decision::kAllow, reason);
    } else if (!word.empty()) {
      return fault(fmt::format("gave a permissionDecision that is none: {}",
                               text::escape_visible(text::truncate_utf8(word, 100))));
    }
    const json::Value* const input = json::find(said, "updatedInput");
    if (input == nullptr || input->is_null()) {
      return;
    }
    if (!input->is_object()) {
      return fault("gave an updatedInput that is no object");
    }
    answer_.input = input->get_object();
  }

  void read_request(const json::Object& said) {
    const json::Object* const decision = json::find_object(said, "decision");
    if (decision == nullptr) {
      return;
    }
    const std::string_view behavior = json::get_string(*decision, "behavior");
    if (behavior == "deny") {
      decide(Decision::kDeny, json::get_string(*decision, "message"));
    } else if (behavior == "allow") {
      decide(Decision::kAllow, "");
    }
  }

  void decide(Decision decision, std::string_view reason) {
    if (decision <= answer_.decision) {
      return;
    }
    answer_.decision = decision;
    answer_.reason = bounded(reason);
    if (answer_.reason.empty() && decision == Decision::kDeny) {
      answer_.reason = fmt::format("blocked by the hook `{}`", handler_.shown());
    }
  }

  static void add(std::vector<std::string>& to, const json::Object& said, std::string_view member) {
    if (std::string text = bounded(json::get_string(said, member)); !text.empty()) {
      to.push_back(std::move(text));
    }
  }

  const Handler& handler_;
  const Ending& ending_;
  Answer answer_;
};

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

Answer read_answer(const Handler& handler, const Ending& ending) {
  return Reading(handler, ending).run();
}

void merge(Answer& all, Answer one) {
  if (one.decision > all.decision) {
    all.decision = one.decision;
    all.reason = std::move(one.reason);
    all.by = std::move(one.by);
  }
  if (one.input) {
    all.input = std::move(one.input);
  }
  if (one.output) {
    all.output = std::move(one.output);
  }
  append(all.context, std::move(one.context));
  append(all.told, std::move(one.told));
  append(all.faults, std::move(one.faults));
  if (one.stop) {
    all.stop_reason = all.stop ? all.stop_reason : std::move(one.stop_reason);
    all.stop = true;
  }
}

}  // namespace oap::programs
