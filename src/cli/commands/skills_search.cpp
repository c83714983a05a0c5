#include <algorithm>

#include <fmt/format.h>

#include "async/runtime.hpp"
#include "cli/commands/skills.hpp"
#include "cli/output.hpp"
#include "json/parse.hpp"
#include "net/http_client.hpp"
#include "net/url_encode.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMostBytes = 4U << 20U;
constexpr std::size_t kMostHits = 50;
constexpr Millis kPatience{20'000};

struct Hit {
  std::string name;
  std::string description;
  std::string source;
  std::string registry;
};

bool fits(const Hit& hit, const std::vector<std::string_view>& words) {
  const std::string all = text::lower_ascii(hit.name + " " + hit.description + " " + hit.source);
  return std::all_of(words.begin(), words.end(), [&](std::string_view word) {
    return text::contains(all, text::lower_ascii(word));
  });
}

/// {"skills": [{name, description, source}]}, or the bare list; `source` may be called `repo`.
Result<std::vector<Hit>> hits_of(std::string_view text, const std::string& registry) {
  const auto parsed = json::parse(text);
  const json::Array* list = parsed ? parsed->if_array() : nullptr;
  if (parsed && list == nullptr) {
    list = json::find_array(*parsed, "skills");
  }
  if (list == nullptr) {
    return fail(Code::kUpstream, "the registry {} is no list of skills (JSON)", registry);
  }
  std::vector<Hit> hits;
  for (const json::Value& item : *list) {
    Hit hit{std::string(json::get_string(item, "name")),
            std::string(json::get_string(item, "description")),
            std::string(json::get_string(item, "source")), registry};
    if (hit.source.empty()) {
      hit.source = json::get_string(item, "repo");
    }
    if (!hit.name.empty()) {
      hits.push_back(std::move(hit));
    }
  }
  return hits;
}

Result<std::string> fetched(const std::string& url, const std::string& query) {
  if (!url.starts_with("https://") && !url.starts_with("http://127.0.0.1")) {
    return fail(Code::kConfiguration, "the registry {} is not reached by https", url);
  }
  async::Runtime runtime;
  net::HttpClient client(runtime.executor());
  net::HttpRequest request;
  request.url = text::replace_all(url, "{query}", net::percent_encode(query));
  request.deadline = Deadline::after(kPatience);
  request.max_body = kMostBytes;
  auto response = runtime.run(client.send(std::move(request)));
  if (!response) {
    return fail(std::move(response).error());
  }
  if (!response->is_success()) {
    return fail(Code::kUpstream, "the registry {} answered {}", url, response->status);
  }
  return std::move(response->body);
}

Result<std::vector<Hit>> search_one(const std::string& registry, const std::string& query) {
  if (registry.find("://") != std::string::npos) {
    OAP_TRY(const std::string text, fetched(registry, query));
    return hits_of(text, registry);
  }
  if (!os::is_directory(registry)) {
    OAP_TRY(const std::string text, os::read_file(registry, kMostBytes));
    return hits_of(text, registry);
  }
  skills::LibraryOptions options;
  options.paths = {registry};
  std::vector<Hit> hits;
  for (const skills::Entry& entry : skills::look(options, {}).entries) {
    if (entry.state != skills::Entry::State::kBroken) {
      hits.push_back({entry.skill.name, entry.skill.description, entry.folder, registry});
    }
  }
  return hits;
}

}  // namespace

Result<int> search_skills(const platform::Settings& settings, const SkillsArgs& args,
                          bool as_json) {
  const std::vector<std::string>& registries = settings.config.skills.registries;
  if (registries.empty()) {
    return fail(Code::kConfiguration,
                "no registry is configured; name one in the user's config.yaml: skills: "
                "{{registries: [https://… or a file or folder]}}");
  }
  const std::vector<std::string_view> words = text::split_words(args.name);
  json::Array rows;
  std::string text;
  std::size_t failed = 0;
  for (const std::string& registry : registries) {
    const auto hits = search_one(registry, args.name);
    if (!hits) {
      ++failed;
      print_error(hits.error().to_string());
      continue;
    }
    for (const Hit& hit : *hits) {
      if (!fits(hit, words) || rows.size() >= kMostHits) {
        continue;
      }
      rows.push_back(json::Object{{"name", hit.name},
                                  {"description", hit.description},
                                  {"source", hit.source},
                                  {"registry", hit.registry}});
      text += fmt::format("{:<24} {}\n  oap skills add {} --skill {}\n",
                          text::escape_visible(hit.name), text::escape_visible(hit.description),
                          text::escape_visible(hit.source), text::escape_visible(hit.name));
    }
  }
  if (as_json) {
    print_json({{"skills", std::move(rows)}});
  } else {
    print(text.empty() ? "nothing found\n" : text);
  }
  return failed == registries.size() ? exit_code(Code::kUpstream) : 0;
}

}  // namespace oap::cli
