#include "terminal/keys.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "text/utf8.hpp"

namespace oap::terminal {
namespace {

using Kind = Key::Kind;
constexpr std::string_view kPasteBegin = "\x1b[200~";
constexpr std::string_view kPasteEnd = "\x1b[201~";
constexpr std::size_t kLongestSequence = 64;

void put(std::vector<Key>& out, Kind kind, std::string_view text = {}) {
  if (kind == Kind::kText && !out.empty() && out.back().kind == Kind::kText) {
    out.back().text += text;
    return;
  }
  out.push_back({kind, std::string(text)});
}

std::optional<Kind> control_kind(char c) {
  switch (c) {
    case '\r':
      return Kind::kEnter;
    case '\n':
      return Kind::kNewline;
    case '\t':
      return Kind::kTab;
    case '\x7f':
    case '\b':
      return Kind::kBackspace;
    case '\x17':
      return Kind::kEraseWord;
    default:
      return std::nullopt;
  }
}

void put_control(std::vector<Key>& out, char c) {
  if (const auto kind = control_kind(c)) {
    put(out, *kind);
  } else if (c >= 1 && c <= 26) {
    const char letter = static_cast<char>('a' + c - 1);
    put(out, Kind::kControl, std::string_view(&letter, 1));
  }
}

/// The key of a CSI sequence with this final byte; with Ctrl or Alt held the arrows move by words.
std::optional<Kind> csi_kind(char last, std::string_view parameters) {
  const bool modified = parameters.find(';') != std::string_view::npos;
  const std::string_view number = parameters.substr(0, parameters.find(';'));
  switch (last) {
    case 'A':
      return Kind::kUp;
    case 'B':
      return Kind::kDown;
    case 'C':
      return modified ? Kind::kWordRight : Kind::kRight;
    case 'D':
      return modified ? Kind::kWordLeft : Kind::kLeft;
    case 'H':
      return Kind::kHome;
    case 'F':
      return Kind::kEnd;
    case 'Z':
      return Kind::kBackTab;
    case '~': {
      static const std::map<std::string_view, Kind> kKeys = {
          {"1", Kind::kHome},   {"7", Kind::kHome},   {"4", Kind::kEnd},     {"8", Kind::kEnd},
          {"3", Kind::kDelete}, {"5", Kind::kPageUp}, {"6", Kind::kPageDown}};
      const auto found = kKeys.find(number);
      return found == kKeys.end() ? std::nullopt : std::optional(found->second);
    }
    case 'u': {
      static const std::map<std::string_view, Kind> kKeys = {
          {"27", Kind::kEscape}, {"9", Kind::kTab}, {"127", Kind::kBackspace}};
      if (number == "13") {
        return modified ? Kind::kNewline : Kind::kEnter;
      }
      const auto found = kKeys.find(number);
      return found == kKeys.end() ? std::nullopt : std::optional(found->second);
    }
    default:
      return std::nullopt;
  }
}

/// Alt and a key: ESC and its byte.
void put_alt(std::vector<Key>& out, char c) {
  static const std::map<char, Kind> kKeys = {
      {'\r', Kind::kNewline},  {'\n', Kind::kNewline},       {'b', Kind::kWordLeft},
      {'f', Kind::kWordRight}, {'d', Kind::kEraseWordRight}, {'\x7f', Kind::kEraseWord},
      {'\b', Kind::kEraseWord}};
  if (const auto found = kKeys.find(c); found != kKeys.end()) {
    put(out, found->second);
  }
}

}  // namespace

std::vector<Key> as_pasted(std::vector<Key> keys) {
  constexpr std::ptrdiff_t kLines = 3;  // two may be typed while the program was busy
  const auto is_text = [](const Key& key) {
    return key.kind == Key::Kind::kText || key.kind == Key::Kind::kEnter ||
           key.kind == Key::Kind::kNewline || key.kind == Key::Kind::kTab;
  };
  const auto ends_line = [](const Key& key) {
    return key.kind == Key::Kind::kEnter || key.kind == Key::Kind::kNewline;
  };
  if (!std::all_of(keys.begin(), keys.end(), is_text) ||
      std::count_if(keys.begin(), keys.end(), ends_line) < kLines) {
    return keys;
  }
  const bool sent = keys.back().kind == Key::Kind::kEnter;
  Key paste{Key::Kind::kPaste, ""};
  for (std::size_t i = 0; i + (sent ? 1 : 0) < keys.size(); ++i) {
    paste.text += ends_line(keys[i]) ? "\n" : keys[i].kind == Key::Kind::kTab ? "\t" : keys[i].text;
  }
  std::vector<Key> out = {std::move(paste)};
  if (sent) {
    out.push_back({Key::Kind::kEnter, ""});
  }
  return out;
}

std::string pasted_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const text::CodePoint point = text::decode_at(bytes, at);
    at += point.length;
    if (point.value == U'\r') {
      if (at >= bytes.size() || bytes[at] != '\n') {
        out += '\n';
      }
    } else if (point.value == U'\n' || point.value == U'\t' || point.value >= 0xA0 ||
               (point.value >= 0x20 && point.value < 0x7F)) {
      text::append_utf8(out, point.value);
    }
  }
  return out;
}

std::vector<Key> KeyReader::feed(std::string_view bytes) {
  std::vector<Key> out;
  std::string joined;
  if (!pending_.empty()) {
    joined = std::exchange(pending_, {});
    joined += bytes;
    bytes = joined;
  }
  while (!bytes.empty()) {
    const std::size_t used = pasting_                  ? paste(bytes, out)
                             : bytes.front() == '\x1b' ? sequence(bytes, out)
                                                       : plain(bytes, out);
    if (used == 0) {
      break;
    }
    const bool begins = !pasting_ && bytes.substr(0, used) == kPasteBegin;
    pasting_ = pasting_ || begins;
    bytes.remove_prefix(used);
  }
  pending_ = std::string(bytes);
  return out;
}

std::vector<Key> KeyReader::flush() {
  std::vector<Key> out;
  if (!waits()) {
    return out;
  }
  const std::string bytes = std::exchange(pending_, {});
  put(out, Kind::kEscape);
  if (bytes.size() > 1 && bytes[1] != '[' && bytes[1] != 'O') {
    for (Key& key : feed(std::string_view(bytes).substr(1))) {
      out.push_back(std::move(key));
    }
  }
  return out;
}

/// Bytes of the sequence that begins here; 0 where it is not whole yet.
std::size_t KeyReader::sequence(std::string_view bytes, std::vector<Key>& out) const {
  if (bytes.size() == 1) {
    return 0;
  }
  if (bytes[1] == '\x1b') {
    put(out, Kind::kEscape);
    return 1;
  }
  if (bytes[1] == 'O') {
    if (bytes.size() < 3) {
      return 0;
    }
    if (const auto kind = csi_kind(bytes[2], "")) {
      put(out, *kind);
    } else if (bytes[2] == 'M') {
      put(out, Kind::kEnter);
    }
    return 3;
  }
  if (bytes[1] != '[') {
    put_alt(out, bytes[1]);
    const bool letter = (static_cast<unsigned char>(bytes[1]) & 0x80U) == 0;
    return letter ? 2 : 1;
  }
  std::size_t end = 2;
  while (end < bytes.size() && end < kLongestSequence && bytes[end] >= 0x20 && bytes[end] < 0x40) {
    ++end;
  }
  if (end == bytes.size() && end < kLongestSequence) {
    return 0;
  }
  if (end < bytes.size() && bytes[end] >= 0x40 && bytes[end] < 0x7f) {
    if (const auto kind = csi_kind(bytes[end], bytes.substr(2, end - 2))) {
      put(out, *kind);
    }
    return end + 1;
  }
  return end;  // broken off by something that belongs to no sequence
}

/// Takes a paste up to its end mark; what may be the mark's start is left for later.
std::size_t KeyReader::paste(std::string_view bytes, std::vector<Key>& out) {
  const std::size_t end = bytes.find(kPasteEnd);
  std::size_t take = end;
  if (end == std::string_view::npos) {
    take = bytes.size();
    for (std::size_t part = std::min(kPasteEnd.size() - 1, bytes.size()); part > 0; --part) {
      if (kPasteEnd.starts_with(bytes.substr(bytes.size() - part))) {
        take = bytes.size() - part;
        break;
      }
    }
  }
  pasted_ += bytes.substr(0, std::min(take, kMaxPaste - std::min(kMaxPaste, pasted_.size())));
  if (end == std::string_view::npos) {
    return take;
  }
  out.push_back({Kind::kPaste, pasted_text(std::exchange(pasted_, {}))});
  pasting_ = false;
  return end + kPasteEnd.size();
}

std::size_t KeyReader::plain(std::string_view bytes, std::vector<Key>& out) const {
  const auto first = static_cast<unsigned char>(bytes.front());
  if (first < 0x20 || first == 0x7f) {
    put_control(out, bytes.front());
    return 1;
  }
  std::size_t at = 0;
  std::string letters;
  while (at < bytes.size()) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte < 0x20 || byte == 0x7f) {
      break;
    }
    const text::CodePoint point = text::decode_at(bytes, at);
    const std::size_t needs = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    if (!point.valid && at + point.length == bytes.size() && bytes.size() - at < needs) {
      break;
    }
    const bool c1 = point.value >= 0x80 && point.value < 0xA0;
    text::append_utf8(letters, c1 ? U'\uFFFD' : point.value);
    at += point.length;
  }
  if (!letters.empty()) {
    put(out, Kind::kText, letters);
  }
  return at;
}

}  // namespace oap::terminal
