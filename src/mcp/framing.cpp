#include "mcp/framing.hpp"

#include <algorithm>
#include <utility>

#include "json/parse.hpp"
#include "jsonrpc/message.hpp"
#include "text/strings.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kKeptEnd = 4096;

/// Reads the outermost members of an object's text for as far as it goes.
class MemberScan {
 public:
  explicit MemberScan(std::string_view text) : text_(text) {}

  void run(Traits& traits, bool& has_method) {
    if (!take('{')) {
      return;
    }
    do {
      const auto key = string();
      if (!key || !take(':')) {
        return;
      }
      const auto value = scalar_or_skip();
      has_method = has_method || *key == "\"method\"";
      traits.response = traits.response || *key == "\"result\"" || *key == "\"error\"";
      if (!value) {
        return;
      }
      const auto parsed = json::parse(*value);
      if (*key == "\"id\"" && parsed && jsonrpc::is_valid_id(*parsed)) {
        traits.id = *parsed;
      }
    } while (take(','));
  }

 private:
  void space() {
    while (at_ < text_.size() && text::is_space(text_[at_])) {
      ++at_;
    }
  }
  bool take(char wanted) {
    space();
    if (at_ < text_.size() && text_[at_] == wanted) {
      ++at_;
      return true;
    }
    return false;
  }
  /// A whole string with its quotes.
  std::optional<std::string_view> string() {
    space();
    const std::size_t start = at_;
    if (!take('"')) {
      return std::nullopt;
    }
    while (at_ < text_.size() && text_[at_] != '"') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) {
      return std::nullopt;
    }
    ++at_;
    return text_.substr(start, at_ - start);
  }
  /// A scalar's text, or "" for a container that ends within the text; nothing where it does not.
  std::optional<std::string_view> scalar_or_skip() {
    space();
    if (at_ < text_.size() && text_[at_] == '"') {
      return string();
    }
    const std::size_t start = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!string()) {
          return std::nullopt;
        }
        continue;
      }
      if (c == '{' || c == '[') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
        return text::trim(text_.substr(start, at_ - start));
      } else if (c == '}' || c == ']') {
        --depth;
      }
      ++at_;
      if (depth == 0 && (c == '}' || c == ']')) {
        return std::string_view{};
      }
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The scalar member that ends right before the text's last brace: its key and its value.
std::optional<std::pair<std::string_view, std::string_view>> last_member(std::string_view text) {
  text = text::trim(text);
  const auto quote_before = [&text](std::size_t from) { return text.rfind('"', from); };
  std::size_t value_start = std::string_view::npos;
  if (text.ends_with('"')) {
    value_start = text.size() < 2 ? std::string_view::npos : quote_before(text.size() - 2);
  } else {
    const std::size_t colon = text.rfind(':');
    value_start = colon == std::string_view::npos ? colon : colon + 1;
  }
  if (value_start == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view value = text::trim(text.substr(value_start));
  std::string_view before = text::trim(text.substr(0, value_start));
  if (before.ends_with(':')) {
    before = text::trim(before.substr(0, before.size() - 1));
  }
  const std::size_t key_end = before.size();
  if (key_end < 3 || before.back() != '"') {
    return std::nullopt;
  }
  const std::size_t key_start = before.rfind('"', key_end - 2);
  if (key_start == std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(before.substr(key_start), value);
}

/// `… , "jsonrpc": "2.0", "id": 3}`: the members after a large result, as several SDKs print them.
std::optional<json::Value> id_at_end(std::string_view tail) {
  tail = text::trim(tail);
  if (!tail.ends_with('}')) {
    return std::nullopt;
  }
  tail.remove_suffix(1);
  constexpr int kMembers = 2;
  for (int i = 0; i < kMembers; ++i) {
    const auto member = last_member(tail);
    if (!member) {
      return std::nullopt;
    }
    const auto& [key, value] = *member;
    const auto parsed = json::parse(value);
    if (!parsed || (key != "\"id\"" && key != "\"jsonrpc\"")) {
      return std::nullopt;
    }
    if (key == "\"id\"") {
      return jsonrpc::is_valid_id(*parsed) ? std::optional(*parsed) : std::nullopt;
    }
    tail = text::trim(tail.substr(0, static_cast<std::size_t>(key.data() - tail.data())));
    if (!tail.ends_with(',')) {
      return std::nullopt;
    }
    tail.remove_suffix(1);
  }
  return std::nullopt;
}

}  // namespace

/// A line beyond this gets room for four times as much: its bytes are moved less often, and memory
/// that is not written to costs nothing.
constexpr std::size_t kLong = 256U << 10U;

void LineSplitter::feed(std::string_view chunk) {
  buffer_.erase(0, start_);
  scanned_ -= start_;
  start_ = 0;
  if (const std::size_t size = buffer_.size() + chunk.size();
      size > kLong && size > buffer_.capacity()) {
    buffer_.reserve(std::min(size * 4, size + max_line_));
  }
  buffer_ += chunk;
}

void LineSplitter::drop(std::string_view part) {
  oversize_->bytes += part.size();
  if (oversize_->head.size() < kKeptEnd) {
    oversize_->head += part.substr(0, kKeptEnd - oversize_->head.size());
  }
  oversize_->tail += part.substr(part.size() - std::min(part.size(), kKeptEnd));
  if (oversize_->tail.size() > kKeptEnd) {
    oversize_->tail.erase(0, oversize_->tail.size() - kKeptEnd);
  }
}

std::optional<LineSplitter::Piece> LineSplitter::finish(std::string_view part) {
  if (!oversize_ && part.size() <= max_line_) {
    if (part.ends_with('\r')) {
      part.remove_suffix(1);
    }
    return Piece(std::string(part));
  }
  if (!oversize_) {
    oversize_.emplace();
  }
  drop(part);
  Piece piece(*std::exchange(oversize_, std::nullopt));
  return piece;
}

std::optional<LineSplitter::Piece> LineSplitter::next() {
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end != std::string::npos && !oversize_ && start_ == 0 && end + 1 == buffer_.size() &&
      end <= max_line_) {
    buffer_.resize(end - (buffer_.ends_with("\r\n") ? 1 : 0));
    scanned_ = 0;
    return Piece(std::exchange(buffer_, std::string()));
  }
  if (end != std::string::npos) {
    auto piece = finish(std::string_view(buffer_).substr(start_, end - start_));
    start_ = end + 1;
    scanned_ = start_;
    return piece;
  }
  scanned_ = buffer_.size();
  if (oversize_ || buffer_.size() - start_ > max_line_) {
    if (!oversize_) {
      oversize_.emplace();
    }
    drop(std::string_view(buffer_).substr(start_));
    buffer_.clear();
    buffer_.shrink_to_fit();
    start_ = 0;
    scanned_ = 0;
  }
  return std::nullopt;
}

std::optional<LineSplitter::Piece> LineSplitter::rest() {
  if (start_ == buffer_.size() && !oversize_) {
    return std::nullopt;
  }
  auto piece = finish(std::string_view(buffer_).substr(start_));
  start_ = buffer_.size();
  scanned_ = start_;
  return piece;
}

Traits guess_traits(std::string_view head, std::string_view tail) {
  Traits traits;
  bool has_method = false;
  MemberScan(head).run(traits, has_method);
  if (!traits.id) {
    traits.id = id_at_end(tail);
  }
  traits.response = traits.response || !has_method;
  return traits;
}

}  // namespace oap::mcp
