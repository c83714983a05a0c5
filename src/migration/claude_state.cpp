#include "migration/claude_state.hpp"

#include <fmt/format.h>

#include "json/parse.hpp"
#include "os/file.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostState = 64U << 20U;

Result<json::Object> state_of(const std::string& user_dir) {
  const std::string path = user_dir + ".json";
  if (user_dir.empty() || !os::exists(path)) {
    return json::Object{};
  }
  OAP_TRY(const std::string text, os::read_file(path, kMostState));
  auto parsed = json::parse_object(text, {64, kMostState});
  if (!parsed) {
    return fail(Code::kInvalidArgument, "{}: {}", path, parsed.error().message());
  }
  return parsed;
}

}  // namespace

Result<json::Object> user_servers(const std::string& user_dir) {
  OAP_TRY(const json::Object state, state_of(user_dir));
  const json::Object* const servers = json::find_object(state, "mcpServers");
  return servers == nullptr ? json::Object{} : *servers;
}

std::vector<std::string> own_servers(const std::string& user_dir, const std::string& project) {
  std::vector<std::string> out;
  const auto state = state_of(user_dir);
  if (!state) {
    return out;
  }
  if (const json::Object* const servers = json::find_object(*state, "mcpServers")) {
    for (const auto& one : *servers) {
      out.push_back("mcpServers." + text::escape_visible(one.key()));
    }
  }
  const json::Object* const projects = json::find_object(*state, "projects");
  const json::Object* const mine =
      projects == nullptr ? nullptr : json::find_object(*projects, project);
  if (const json::Object* const servers =
          mine == nullptr ? nullptr : json::find_object(*mine, "mcpServers")) {
    for (const auto& one : *servers) {
      out.push_back(fmt::format("mcpServers.{} ({})", text::escape_visible(one.key()),
                                text::escape_visible(project)));
    }
  }
  return out;
}

}  // namespace oap::migration
