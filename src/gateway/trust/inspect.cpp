#include "gateway/trust/inspect.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "gateway/trust/hidden.hpp"
#include "json/pointer.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

/// Lower case, single spaces. Keyword lists give false safety: this is for notes only.
constexpr std::array<std::string_view, 20> kHints{"ignore previous",
                                                  "ignore all previous",
                                                  "ignore the previous",
                                                  "disregard previous",
                                                  "disregard all",
                                                  "forget your instructions",
                                                  "system prompt",
                                                  "do not tell the user",
                                                  "don't tell the user",
                                                  "do not mention",
                                                  "without telling the user",
                                                  "hide this from the user",
                                                  "<important>",
                                                  "<system>",
                                                  "before using this tool, ",
                                                  "you must first call",
                                                  "instead of the tool",
                                                  "id_rsa",
                                                  "~/.ssh",
                                                  "send the conversation"};

/// Lower case with each run of white space as one space.
std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (!text::is_space(c)) {
      out += text::to_lower(c);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::string_view hint_in(std::string_view text) {
  const std::string lower = folded(text);
  const auto* const hint = std::find_if(kHints.begin(), kHints.end(), [&](std::string_view each) {
    return text::contains(lower, each);
  });
  return hint == kHints.end() ? std::string_view() : *hint;
}

Finding hidden_finding(std::string_view text, const HiddenRun& run, std::string path) {
  constexpr std::size_t kShown = 96;
  const std::string_view hidden = text.substr(run.offset, run.length);
  std::string shown = text::escape_visible(text::truncate_utf8(hidden, kShown));
  if (run.kind == HiddenKind::kTag) {
    std::string spelled;
    for (const text::CodePoint c : text::CodePoints(text::truncate_utf8(hidden, 4 * kShown))) {
      const char32_t ascii = c.value - 0xE0000;
      spelled += ascii >= 0x20 && ascii < 0x7F ? static_cast<char>(ascii) : '?';
    }
    shown = "that spell '" + spelled + "'";
  } else if (run.kind == HiddenKind::kPrivate || run.kind == HiddenKind::kVariation) {
    shown = fmt::format("U+{:04X} …", static_cast<std::uint32_t>(text::decode_at(hidden, 0).value));
  }
  const bool is_icon = run.kind == HiddenKind::kPrivate && run.length == 3 * run.count;
  return {FindingKind::kHidden, is_icon ? Severity::kNote : Severity::kWarning, std::move(path),
          run.offset,
          fmt::format("{} hidden character{} ({}): {}", run.count, run.count == 1 ? "" : "s",
                      to_string(run.kind), shown)};
}

class Inspection {
 public:
  explicit Inspection(const InspectLimits& limits) : limits_(limits) {}

  void value(const json::Value& value, const std::string& path, std::string_view key,
             std::size_t depth) {
    if (full_ || ++values_ > limits_.max_values || depth > limits_.max_depth) {
      too_much(path);
      return;
    }
    if (const json::String* const string = value.if_string()) {
      text(json::view(*string), path, key);
    } else if (const json::Array* const items = value.if_array()) {
      for (std::size_t i = 0; i < items->size() && !full_; ++i) {
        this->value((*items)[i], json::pointer_join(path, i), "", depth + 1);
      }
    } else if (const json::Object* const members = value.if_object()) {
      object(*members, path, depth);
    }
  }

  void object(const json::Object& members, const std::string& path, std::size_t depth) {
    for (const auto& member : members) {
      if (full_) {
        return;
      }
      const std::string at = json::pointer_join(path, member.key());
      hidden(member.key(), at);
      value(member.value(), at, member.key(), depth + 1);
    }
  }

  void icons(const json::Value& value) {
    const json::Array* const icons = value.if_array();
    for (std::size_t i = 0; icons != nullptr && i < icons->size(); ++i) {
      const std::string_view source = json::get_string((*icons)[i], "src");
      if (!text::starts_with_ci(source, "https:") && !text::starts_with_ci(source, "data:image/")) {
        add({FindingKind::kIconScheme, Severity::kWarning, fmt::format("/icons/{}/src", i), 0,
             fmt::format("an icon is neither https: nor an image in data: but '{}'",
                         text::escape_visible(text::truncate_utf8(source, 80)))});
      }
    }
  }

  void total() {
    if (bytes_ > limits_.max_definition) {
      add({FindingKind::kOverlong, Severity::kNote, "", 0,
           fmt::format("its texts together have {} bytes", bytes_)});
    }
  }

  std::vector<Finding> take() { return std::move(findings_); }

 private:
  void text(std::string_view text, const std::string& path, std::string_view key) {
    bytes_ += text.size();
    hidden(text, path);
    if (key == "description" && text.size() > limits_.max_description) {
      add({FindingKind::kOverlong, Severity::kNote, path, 0,
           fmt::format("a description of {} bytes", text.size())});
    }
    if (const std::string_view hint = hint_in(text); !hint.empty()) {
      add({FindingKind::kInstruction, Severity::kNote, path, 0,
           fmt::format("reads like an instruction to the model: '{}'", hint)});
    }
  }

  void hidden(std::string_view text, const std::string& path) {
    const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && !text::is_space(c)) || c == 0x7F ||
             static_cast<unsigned char>(c) == 0xC2;
    });
    if (!has_control && !may_hide(text)) {
      return;
    }
    for (const HiddenRun& run : find_hidden(text, limits_.max_findings)) {
      add(hidden_finding(text, run, path));
    }
  }

  void too_much(const std::string& path) {
    if (!full_) {
      full_ = true;
      findings_.push_back({FindingKind::kTooMuch, Severity::kWarning, path, 0,
                           "too deep or too large to be looked at in full; what follows was not"});
    }
  }

  void add(Finding finding) {
    if (findings_.size() >= limits_.max_findings) {
      too_much(finding.path);
    } else {
      findings_.push_back(std::move(finding));
    }
  }

  InspectLimits limits_;
  std::vector<Finding> findings_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

}  // namespace

std::string_view to_string(FindingKind kind) {
  constexpr std::array<std::string_view, 5> kNames{"hidden_characters", "icon_scheme", "overlong",
                                                   "too_much", "instruction"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Finding> inspect_definition(const json::Object& definition,
                                        const InspectLimits& limits) {
  Inspection inspection(limits);
  inspection.object(definition, "", 0);
  if (const json::Value* const icons = json::find(definition, "icons")) {
    inspection.icons(*icons);
  }
  inspection.total();
  return inspection.take();
}

std::vector<Finding> inspect_text(std::string_view text, std::string_view path,
                                  std::size_t max_findings) {
  std::vector<Finding> findings;
  if (may_hide(text)) {
    for (const HiddenRun& run : find_hidden(text, max_findings)) {
      if (run.kind != HiddenKind::kControl) {
        findings.push_back(hidden_finding(text, run, std::string(path)));
      }
    }
  }
  if (const std::string_view hint = hint_in(text);
      !hint.empty() && findings.size() < max_findings) {
    findings.push_back({FindingKind::kInstruction, Severity::kNote, std::string(path), 0,
                        fmt::format("reads like an instruction to the model: '{}'", hint)});
  }
  return findings;
}

json::Object to_json(const Finding& finding) {
  const auto string = [](std::string_view text) { return json::Value(json::String(text)); };
  return {{"kind", string(to_string(finding.kind))},
          {"severity", finding.severity == Severity::kNote ? "note" : "warning"},
          {"path", string(finding.path)},
          {"offset", finding.offset},
          {"message", string(finding.message)}};
}

}  // namespace oap::gateway
