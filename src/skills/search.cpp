#include "skills/search.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"
#include "net/url_encode.hpp"
#include "os/file.hpp"
#include "skills/library.hpp"
#include "skills/skill.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

constexpr std::size_t kMostBytes = 4U << 20U;
constexpr std::size_t kMostText = 1'000;
constexpr Millis kPatience{20'000};

std::string text_of(const json::Value& item, std::string_view key) {
  return text::sanitize_utf8(text::truncate_utf8(json::get_string(item, key), kMostText));
}

Task<Result<std::string>> fetched(Executor executor, std::string registry, std::string words) {
  const std::string asked = text::replace_all(registry, "{query}", net::percent_encode(words));
  const auto url = net::parse_url(asked);
  const bool local = url && net::is_loopback(url->host);
  if (!registry.starts_with("https://") && !(registry.starts_with("http://") && local)) {
    co_return fail(Code::kConfiguration, "the registry {} is not reached by https", registry);
  }
  net::HttpClient client(executor);
  net::HttpRequest request;
  request.url = asked;
  request.deadline = Deadline::after(kPatience);
  request.max_body = kMostBytes;
  auto response = co_await client.send(std::move(request));
  if (!response) {
    co_return fail(std::move(response).error().with_context("the registry " + registry));
  }
  if (!response->is_success()) {
    co_return fail(Code::kUpstream, "the registry {} answered {}", registry, response->status);
  }
  co_return std::move(response->body);
}

Task<Result<std::vector<Hit>>> search_one(Executor executor, std::string registry,
                                          std::string words) {
  if (registry.find("://") != std::string::npos) {
    auto text = co_await fetched(executor, registry, words);
    co_return text ? hits_of(*text, registry) : Result<std::vector<Hit>>(fail(text.error()));
  }
  if (!os::is_directory(registry)) {
    OAP_CO_TRY(const std::string text, os::read_file(registry, kMostBytes));
    co_return hits_of(text, registry);
  }
  LibraryOptions options;
  options.paths = {registry};
  std::vector<Hit> hits;
  for (const Entry& entry : look(options, {}).entries) {
    if (entry.state != Entry::State::kBroken) {
      hits.push_back({entry.skill.name, entry.skill.description, entry.folder, registry});
    }
  }
  co_return hits;
}

}  // namespace

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
    Hit hit{text_of(item, "name"), text_of(item, "description"), text_of(item, "source"), registry};
    if (hit.source.empty()) {
      hit.source = text_of(item, "repo");
    }
    if (is_skill_name(hit.name) && !hit.source.empty() && !hit.source.starts_with('-')) {
      hits.push_back(std::move(hit));
    }
  }
  return hits;
}

bool fits(const Hit& hit, std::string_view words) {
  const std::string all = text::lower_ascii(hit.name + " " + hit.description + " " + hit.source);
  const std::vector<std::string_view> each = text::split_words(words);
  return std::all_of(each.begin(), each.end(), [&all](std::string_view word) {
    return text::contains(all, text::lower_ascii(word));
  });
}

Task<SearchResult> search(Executor executor, std::vector<std::string> registries,
                          std::string words) {
  SearchResult result;
  for (const std::string& registry : registries) {
    auto hits = co_await search_one(executor, registry, words);
    if (!hits) {
      result.problems.push_back(hits.error().to_string());
      continue;
    }
    ++result.answered;
    for (Hit& hit : *hits) {
      if (result.hits.size() < kMostHits && fits(hit, words)) {
        result.hits.push_back(std::move(hit));
      }
    }
  }
  co_return result;
}

}  // namespace oap::skills
