#include <fmt/format.h>

#include "migration/change.hpp"

// Taking back what imports have written.
namespace oap::migration {

void Change::drop_block(const std::string& path, Manifest::File& entry,
                        const std::string& current) {
  const auto there = block_of(current, report_.host);
  const auto known = entry.blocks.find(report_.host);
  if (there && known != entry.blocks.end() && digest_of(*there) != known->second) {
    note(path, "kept");
    report_.warnings.push_back(
        fmt::format("{}: the imported rules were changed since, and stay", shown(path)));
    return;
  }
  std::string rest = without_block(current, report_.host);
  entry.blocks.erase(report_.host);
  std::erase(entry.hosts, report_.host);
  if (is_bare(rest)) {
    note(path, "removed");
    removals_.push_back(path);
    manifest_.files.erase(path);
    return;
  }
  note(path, "updated");
  entry.previous = digest_of(current);
  entry.sha256 = digest_of(rest);
  writes_.push_back({{path, std::move(rest), false, true, false}, true});
  if (entry.hosts.empty()) {
    manifest_.files.erase(path);
  }
}

void Change::drop_file(const std::string& path) {
  Manifest::File& own = *entry(path);
  const Kind found = kind(path);
  if (found == Kind::kAbsent) {
    manifest_.files.erase(path);
    return;
  }
  const auto current =
      found == Kind::kFile
          ? target_->read(path, kMostTarget)
          : Result<FileText>(fail(Code::kInvalidArgument, "{}", "is no regular file"));
  if (current && !own.blocks.empty()) {
    return drop_block(path, own, current->text);
  }
  if (!current || !is_own(&own, digest_of(current->text))) {
    note(path, "kept");
    report_.warnings.push_back(
        fmt::format("{}: was changed since it was imported, and stays", shown(path)));
    std::erase(own.hosts, report_.host);
    if (own.hosts.empty()) {
      manifest_.files.erase(path);
    }
    return;
  }
  if (!only_host(own, report_.host)) {
    std::erase(own.hosts, report_.host);
    return;
  }
  note(path, "removed");
  removals_.push_back(path);
  manifest_.files.erase(path);
}

void Change::drop_files(bool wanted_stay) {
  std::vector<std::string> mine;
  for (const auto& [path, file] : manifest_.files) {
    const bool own =
        std::find(file.hosts.begin(), file.hosts.end(), report_.host) != file.hosts.end();
    const bool wanted = std::find(wanted_.begin(), wanted_.end(), path) != wanted_.end();
    if (own && !(wanted_stay && wanted)) {
      mine.push_back(path);
    }
  }
  for (const std::string& path : mine) {
    drop_file(path);
  }
}

void Change::drop_links() {
  drop_directories_ = true;
  if (report_.host != "claude-code") {
    return;
  }
  for (const auto& [path, to] : manifest_.links) {
    const auto text =
        kind(path) == Kind::kLink ? target_->link_text(path) : Result<std::string>(std::string());
    if (text && *text == to) {
      note(path, "removed");
      removals_.push_back(path);
    }
  }
  manifest_.links.clear();
}

}  // namespace oap::migration
