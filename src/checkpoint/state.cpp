#include "checkpoint/state.hpp"

#include <array>

namespace oap::checkpoint {
namespace {

using Kind = PathState::Kind;
constexpr std::array<std::string_view, 5> kKinds = {"absent", "file", "link", "directory", "other"};

}  // namespace

bool PathState::known() const {
  return kind != Kind::kOther && (kind != Kind::kFile || !content.empty());
}

json::Object to_json(const PathState& state) {
  return {{"kind", kKinds[static_cast<std::size_t>(state.kind)]},
          {"content", state.content},
          {"mode", state.mode},
          {"size", state.size}};
}

std::optional<PathState> state_from_json(const json::Value& value) {
  const std::string_view kind = json::get_string(value, "kind");
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == kind) {
      PathState state;
      state.kind = static_cast<Kind>(i);
      state.content = json::get_string(value, "content");
      state.mode = static_cast<std::uint32_t>(json::get_int(value, "mode")) & 07777U;
      state.size = static_cast<std::uint64_t>(json::get_int(value, "size"));
      return state;
    }
  }
  return std::nullopt;
}

}  // namespace oap::checkpoint
