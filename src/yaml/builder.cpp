#include "yaml/builder.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/mark.h>

#include "text/utf8.hpp"
#include "yaml/question_marks.hpp"
#include "yaml/scalar.hpp"

namespace oap::yaml {
namespace {

constexpr std::size_t kMaxKey = 1024;
/// Beyond this the line map stops growing; a part's line is then that of its nearest known parent.
constexpr std::size_t kMaxLineBytes = 16U << 20U;

int line_of(const YAML::Mark& mark) { return mark.line < 0 ? 1 : mark.line + 1; }

void append_pointer(std::string& path, std::string_view member) {
  path += '/';
  for (const char c : member) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
}

std::string shown(std::string_view text) {
  return text::escape_visible(text::truncate_utf8(text, 60));
}

bool is_container_tag(const std::string& tag, bool is_map) {
  return tag.empty() || tag == "?" || tag == "!" ||
         tag == (is_map ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq");
}

}  // namespace

void Builder::set_fault(int line, std::string message) {
  if (!fault_) {
    fault_ = Fault{line, std::move(message), expects_key()};
  }
}

bool Builder::spend(int line, std::size_t nodes, std::size_t bytes) {
  if (fault_) {
    return false;
  }
  nodes_ += nodes;
  bytes_ += bytes;
  if (nodes_ > limits_.max_nodes) {
    set_fault(line, fmt::format("the document has more than {} values, aliases counted in full",
                                limits_.max_nodes));
  } else if (bytes_ > 2 * limits_.max_bytes) {
    set_fault(line,
              fmt::format("the document is larger than {} bytes once its aliases are followed",
                          2 * limits_.max_bytes));
  }
  return !fault_;
}

bool Builder::expects_key() const {
  return !stack_.empty() && stack_.back().container.is_object() && !stack_.back().key;
}

void Builder::record_line(int line) {
  if (line_bytes_ + path_.size() <= kMaxLineBytes) {
    line_bytes_ += path_.size();
    lines_.emplace(path_, line);
  }
}

void Builder::take_key(int line, const std::string& tag, const std::string& text) {
  const bool plain = tag == "?" || tag.empty();
  if (plain && text == "<<") {
    return set_fault(line, "merge keys (<<) are not supported; write the members out");
  }
  if (text.size() > kMaxKey) {
    return set_fault(line, fmt::format("a key is longer than {} bytes", kMaxKey));
  }
  const Result<json::Value> resolved =
      plain ? resolve_plain(text)
            : (tag == "!" ? Result<json::Value>(json::String(text)) : resolve_tagged(tag, text));
  if (!resolved || !resolved->is_string()) {
    return set_fault(line, fmt::format("the key {} is not text; write it in quotes: \"{}\"",
                                       shown(text), shown(text)));
  }
  Frame& frame = stack_.back();
  path_.resize(frame.path);
  append_pointer(path_, text);
  if (frame.container.get_object().contains(text)) {
    const auto first = lines_.find(path_);
    const std::string where =
        first == lines_.end() ? "" : fmt::format("; it is first set on line {}", first->second);
    return set_fault(line, fmt::format("the key '{}' is there twice{}", shown(text), where));
  }
  frame.key = text;
  if (spend(line, 0, text.size())) {
    record_line(line);
  }
}

void Builder::begin_member(int line) {
  if (stack_.empty()) {
    record_line(line);
    return;
  }
  Frame& frame = stack_.back();
  if (frame.container.is_array()) {
    path_.resize(frame.path);
    path_ += '/';
    path_ += std::to_string(frame.members);
    record_line(line);
  }
  ++frame.members;
}

void Builder::add(json::Value value) {
  if (stack_.empty()) {
    root_ = std::move(value);
    return;
  }
  Frame& frame = stack_.back();
  if (frame.container.is_array()) {
    frame.container.get_array().push_back(std::move(value));
    return;
  }
  if (frame.key) {
    frame.container.get_object().emplace(*frame.key, std::move(value));
    frame.key.reset();
  }
}

void Builder::remember(YAML::anchor_t anchor, int line, const json::Value& value, Cost cost) {
  if (anchor == 0) {
    return;
  }
  anchored_.nodes += cost.nodes;
  anchored_.bytes += cost.bytes;
  if (anchored_.nodes > limits_.max_nodes || anchored_.bytes > limits_.max_bytes) {
    return set_fault(line, "too much of the document is anchored (&name)");
  }
  anchors_[anchor] = Anchored{value, cost};
}

void Builder::scalar(int line, json::Value value, std::size_t bytes, YAML::anchor_t anchor) {
  if (!spend(line, 1, bytes)) {
    return;
  }
  begin_member(line);
  remember(anchor, line, value, Cost{1, bytes, 0});
  add(std::move(value));
}

void Builder::OnDocumentStart(const YAML::Mark& mark) {
  if (started_) {
    set_fault(line_of(mark), "a second document or stray text begins here; a file holds one");
  }
  started_ = true;
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (fault_) {
    return;
  }
  if (expects_key()) {
    return set_fault(line_of(mark), "a key is missing here, or it is null; write it in quotes");
  }
  // yaml-cpp lets the last line of a block map be a key without ':'; it then marks the key itself.
  if (!stack_.empty() && stack_.back().key && stack_.back().block &&
      mark.pos == stack_.back().key_at) {
    return set_fault(line_of(mark),
                     fmt::format("the key '{}' has no ':' behind it", shown(*stack_.back().key)));
  }
  scalar(line_of(mark), nullptr, 0, anchor);
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const int line = line_of(mark);
  if (fault_) {
    return;
  }
  if (expects_key()) {
    return set_fault(line, "an alias (*name) cannot be a key");
  }
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    return set_fault(line, "an alias (*name) cannot stand inside the value that it names");
  }
  const Anchored& source = found->second;
  if (stack_.size() + source.cost.depth > limits_.max_depth) {
    return set_fault(line, fmt::format("nested deeper than {} levels", limits_.max_depth));
  }
  if (!spend(line, source.cost.nodes, source.cost.bytes)) {
    return;
  }
  if (!stack_.empty()) {
    stack_.back().deepest = std::max(stack_.back().deepest, stack_.size() + source.cost.depth);
  }
  begin_member(line);
  add(source.value);
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& given_tag, YAML::anchor_t anchor,
                       const std::string& given) {
  const std::string tag = unmask(given_tag, stand_in_);
  const std::string value = unmask(given, stand_in_);
  const int line = line_of(mark);
  if (fault_) {
    return;
  }
  if (expects_key()) {
    if (anchor != 0) {
      return set_fault(line, "a key cannot be anchored (&name)");
    }
    stack_.back().key_at = mark.pos;
    return take_key(line, tag, value);
  }
  Result<json::Value> resolved = json::Value();
  if (tag == "!") {
    resolved = json::Value(json::String(value));
  } else if (tag.empty() || tag == "?") {
    resolved = resolve_plain(value);
  } else {
    resolved = resolve_tagged(tag, value);
  }
  if (!resolved) {
    return set_fault(line, resolved.error().message());
  }
  scalar(line, *std::move(resolved), value.size(), anchor);
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                              YAML::EmitterStyle::value style) {
  open(line_of(mark), tag, anchor, json::Array(), style == YAML::EmitterStyle::Block);
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) {
  open(line_of(mark), tag, anchor, json::Object(), style == YAML::EmitterStyle::Block);
}

void Builder::open(int line, const std::string& tag, YAML::anchor_t anchor, json::Value container,
                   bool block) {
  if (fault_) {
    return;
  }
  if (expects_key()) {
    return set_fault(line, "a key must be plain text, not a list or a map");
  }
  if (!is_container_tag(tag, container.is_object())) {
    return set_fault(line, fmt::format("the tag '{}' is not supported; remove it", shown(tag)));
  }
  if (stack_.size() >= limits_.max_depth) {
    return set_fault(line, fmt::format("nested deeper than {} levels", limits_.max_depth));
  }
  const std::size_t nodes_before = nodes_;
  const std::size_t bytes_before = bytes_;
  if (!spend(line, 1, 0)) {
    return;
  }
  begin_member(line);
  Frame frame;
  frame.container = std::move(container);
  frame.anchor = anchor;
  frame.block = block;
  frame.line = line;
  frame.nodes_before = nodes_before;
  frame.bytes_before = bytes_before;
  frame.path = path_.size();
  stack_.push_back(std::move(frame));
  stack_.back().deepest = stack_.size();
}

void Builder::close() {
  if (fault_ || stack_.empty()) {
    return;
  }
  Frame frame = std::move(stack_.back());
  const std::size_t depth = frame.deepest - stack_.size() + 1;
  stack_.pop_back();
  path_.resize(frame.path);
  if (!stack_.empty()) {
    stack_.back().deepest = std::max(stack_.back().deepest, frame.deepest);
  }
  remember(frame.anchor, frame.line, frame.container,
           Cost{nodes_ - frame.nodes_before, bytes_ - frame.bytes_before, depth});
  add(std::move(frame.container));
}

}  // namespace oap::yaml
