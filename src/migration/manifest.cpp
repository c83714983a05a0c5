#include <algorithm>

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "migration/plan.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostManifest = 4U << 20U;
constexpr std::string_view kHead =
    "# Written by `oap migrate`. What stands between two marks is replaced by the next import of "
    "that\n"
    "# host and removed by its --undo; rules of your own may stand outside them.\n"
    "permissions:\n";

std::string begin_mark(std::string_view host) {
  return fmt::format("  # >>> imported from {}\n", host);
}
std::string end_mark(std::string_view host) {
  return fmt::format("  # <<< imported from {}\n", host);
}

struct Span {
  std::size_t begin = 0;  ///< of the first mark
  std::size_t text = 0;   ///< behind it
  std::size_t end = 0;    ///< of the second
  std::size_t behind = 0;
};

std::optional<Span> find_block(std::string_view text, std::string_view host) {
  const std::string first = begin_mark(host);
  const std::string last = end_mark(host);
  Span span;
  span.begin = text.find(first);
  if (span.begin == std::string_view::npos) {
    return std::nullopt;
  }
  span.text = span.begin + first.size();
  span.end = text.find(last, span.text);
  if (span.end == std::string_view::npos) {
    return std::nullopt;
  }
  span.behind = span.end + last.size();
  return span;
}

Error damaged(std::string_view what) {
  return {
      Code::kDataLoss,
      fmt::format("{}: {}; it is not what an import writes: remove it, and what was imported by "
                  "hand",
                  kManifest, what)};
}

bool is_text(const json::Value& value) { return value.is_string(); }

Result<Manifest::File> read_file(const json::Value& value) {
  Manifest::File file;
  const json::Value* const digest = json::find(value, "sha256");
  const json::Array* const hosts = json::find_array(value, "hosts");
  if (digest == nullptr || !is_text(*digest) || hosts == nullptr ||
      !std::all_of(hosts->begin(), hosts->end(), is_text)) {
    return fail(damaged("a file's entry has no digest or hosts"));
  }
  file.sha256 = json::get_string(value, "sha256");
  file.previous = json::get_string(value, "previous");
  for (const json::Value& host : *hosts) {
    file.hosts.emplace_back(json::view(host.get_string()));
  }
  if (const json::Object* const blocks = json::find_object(value, "blocks")) {
    for (const auto& one : *blocks) {
      if (!is_text(one.value())) {
        return fail(damaged("a part's digest is no text"));
      }
      file.blocks[std::string(one.key())] = json::view(one.value().get_string());
    }
  }
  return file;
}

}  // namespace

bool may_write(std::string_view path) {
  if (path == "AGENTS.md" || path == "CLAUDE.md" || path == ".claude" || path == ".claude/skills" ||
      path == ".opencode") {
    return true;
  }
  const auto clean = inside(path);
  return clean && *clean == path && path.starts_with(".opencode/") && path != kManifest;
}

Result<Manifest> read_manifest(const Tree& target) {
  Manifest out;
  const std::string path(kManifest);
  if (target.kind(path) == Kind::kAbsent) {
    return out;
  }
  if (target.kind(path) != Kind::kFile) {
    return fail(damaged("it is no regular file"));
  }
  OAP_TRY(const FileText file, target.read(path, kMostManifest));
  const auto parsed = json::parse_object(file.text, {16, kMostManifest});
  if (!parsed || json::get_int(*parsed, "version") != 1) {
    return fail(damaged(parsed ? "it has no known version" : parsed.error().message()));
  }
  if (const json::Object* const files = json::find_object(*parsed, "files")) {
    for (const auto& one : *files) {
      if (!may_write(one.key())) {
        return fail(damaged(fmt::format("it names {}", std::string_view(one.key()))));
      }
      OAP_TRY(out.files[std::string(one.key())], read_file(one.value()));
    }
  }
  if (const json::Object* const links = json::find_object(*parsed, "links")) {
    for (const auto& one : *links) {
      if (one.key() != ".claude/skills" || !is_text(one.value())) {
        return fail(damaged("it names a link that no import makes"));
      }
      out.links[std::string(one.key())] = json::view(one.value().get_string());
    }
  }
  if (const json::Array* const directories = json::find_array(*parsed, "directories")) {
    for (const json::Value& one : *directories) {
      if (!is_text(one) || !may_write(json::view(one.get_string()))) {
        return fail(damaged("it names a directory that no import makes"));
      }
      out.directories.emplace_back(json::view(one.get_string()));
    }
  }
  return out;
}

std::string manifest_text(const Manifest& manifest) {
  json::Object files;
  for (const auto& [path, file] : manifest.files) {
    json::Object one{{"sha256", file.sha256}};
    if (!file.previous.empty()) {
      one["previous"] = file.previous;
    }
    json::Array hosts;
    for (const std::string& host : file.hosts) {
      hosts.emplace_back(host);
    }
    one["hosts"] = std::move(hosts);
    if (!file.blocks.empty()) {
      json::Object blocks;
      for (const auto& [host, digest] : file.blocks) {
        blocks[host] = digest;
      }
      one["blocks"] = std::move(blocks);
    }
    files[path] = std::move(one);
  }
  json::Object links;
  for (const auto& [path, to] : manifest.links) {
    links[path] = to;
  }
  json::Array directories;
  for (const std::string& one : manifest.directories) {
    directories.emplace_back(one);
  }
  return json::print_pretty(json::Object{{"version", 1},
                                         {"files", std::move(files)},
                                         {"links", std::move(links)},
                                         {"directories", std::move(directories)}}) +
         "\n";
}

std::optional<std::string> block_of(std::string_view text, std::string_view host) {
  const auto span = find_block(text, host);
  return span ? std::optional(std::string(text.substr(span->text, span->end - span->text)))
              : std::nullopt;
}

std::string with_block(std::string_view text, std::string_view host, std::string_view block) {
  const std::string whole = begin_mark(host) + std::string(block) + end_mark(host);
  if (const auto span = find_block(text, host)) {
    return std::string(text.substr(0, span->begin)) + whole +
           std::string(text.substr(span->behind));
  }
  if (text.empty()) {
    return std::string(kHead) + whole;
  }
  const std::size_t head = text.find(kHead);
  const std::size_t at = head == std::string_view::npos ? text.size() : head + kHead.size();
  return std::string(text.substr(0, at)) + whole + std::string(text.substr(at));
}

std::string without_block(std::string_view text, std::string_view host) {
  const auto span = find_block(text, host);
  return span ? std::string(text.substr(0, span->begin)) + std::string(text.substr(span->behind))
              : std::string(text);
}

bool is_bare(std::string_view text) { return text == kHead; }

}  // namespace oap::migration
