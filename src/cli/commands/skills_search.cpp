#include <fmt/format.h>

#include "async/runtime.hpp"
#include "cli/commands/skills.hpp"
#include "cli/output.hpp"
#include "skills/search.hpp"
#include "text/utf8.hpp"

namespace oap::cli {

Result<int> search_skills(const platform::Settings& settings, const SkillsArgs& args,
                          bool as_json) {
  const std::vector<std::string>& registries = settings.config.skills.registries;
  if (registries.empty()) {
    return fail(Code::kConfiguration,
                "no registry is configured; name one in the user's config.yaml: skills: "
                "{{registries: [https://… or a file or folder]}}");
  }
  async::Runtime runtime;
  const skills::SearchResult found =
      runtime.run(skills::search(runtime.executor(), registries, args.name));
  for (const std::string& problem : found.problems) {
    print_error(problem);
  }
  json::Array rows;
  std::string text;
  for (const skills::Hit& hit : found.hits) {
    rows.push_back(json::Object{{"name", hit.name},
                                {"description", hit.description},
                                {"source", hit.source},
                                {"registry", hit.registry}});
    text += fmt::format("{:<24} {}\n  oap skills add {} --skill {}\n", hit.name,
                        text::escape_visible(hit.description), text::escape_visible(hit.source),
                        hit.name);
  }
  if (as_json) {
    print_json({{"skills", std::move(rows)}});
  } else {
    print(text.empty() ? "nothing found\n" : text);
  }
  return found.answered == 0 ? exit_code(Code::kUpstream) : 0;
}

}  // namespace oap::cli
