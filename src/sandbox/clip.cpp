#include "sandbox/clip.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace oap::sandbox {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Bytes of an unfinished UTF-8 character at the end.
std::size_t torn_end(std::string_view text) {
  std::size_t back = 0;
  while (back < 3 && back < text.size() && is_continuation(text[text.size() - 1 - back])) {
    ++back;
  }
  if (back == text.size()) {
    return 0;
  }
  const auto lead = static_cast<unsigned char>(text[text.size() - 1 - back]);
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return length > back + 1 ? back + 1 : 0;
}

std::size_t torn_start(std::string_view text) {
  std::size_t count = 0;
  while (count < 3 && count < text.size() && is_continuation(text[count])) {
    ++count;
  }
  return count;
}

}  // namespace

Clip::Clip(std::size_t max_bytes) : max_bytes_(max_bytes), head_room_(max_bytes / 2) {}

void Clip::add(std::string_view bytes) {
  total_ += bytes.size();
  const std::size_t to_head = std::min(bytes.size(), head_room_ - head_.size());
  head_ += bytes.substr(0, to_head);
  bytes.remove_prefix(to_head);
  const std::size_t room = max_bytes_ - head_room_;
  if (bytes.size() >= room) {
    tail_ = bytes.substr(bytes.size() - room);
    return;
  }
  tail_ += bytes;
  if (tail_.size() > 2 * room) {
    tail_.erase(0, tail_.size() - room);
  }
}

std::string Clip::take() {
  if (!clipped()) {
    total_ = 0;
    std::string all = std::exchange(head_, {});
    all += std::exchange(tail_, {});
    return all;
  }
  const std::size_t room = max_bytes_ - head_room_;
  if (tail_.size() > room) {
    tail_.erase(0, tail_.size() - room);
  }
  head_.resize(head_.size() - torn_end(head_));
  tail_.erase(0, torn_start(tail_));
  const std::uint64_t left_out = std::exchange(total_, 0) - head_.size() - tail_.size();
  std::string text = std::exchange(head_, {});
  text += fmt::format("\n[… {} bytes left out …]\n", left_out);
  text += std::exchange(tail_, {});
  return text;
}

}  // namespace oap::sandbox
