#include <fmt/format.h>

#include "migration/change.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::migration {

bool Change::blocked(const std::string& path) {
  std::string at;
  const std::string way = above(path);
  for (const std::string_view part : text::split(way, '/')) {
    at += (at.empty() ? "" : "/") + std::string(part);
    const Kind found = at.empty() ? Kind::kDirectory : kind(at);
    if (found != Kind::kDirectory && found != Kind::kAbsent) {
      in_the_way(path, fmt::format("{} is {}", shown(at),
                                   found == Kind::kLink ? "a symbolic link" : "no directory"));
      return true;
    }
  }
  return false;
}

void Change::remember(const PlannedFile& file, const std::string& previous) {
  Manifest::File& entry = manifest_.files[file.path];
  entry.sha256 = digest_of(file.text);
  entry.previous = previous;
  add_host(entry, report_.host);
}

void Change::plan_write(PlannedFile file, std::string_view current, bool there) {
  if (there && current == file.text) {
    note(file.path, "unchanged");
    if (Manifest::File* const own = entry(file.path)) {
      own->sha256 = digest_of(file.text);
      own->previous.clear();
      add_host(*own, report_.host);
    }
    return;
  }
  note(file.path, there ? "updated" : "created");
  remember(file, there ? digest_of(current) : "");
  writes_.push_back({std::move(file), there});
}

void Change::want(PlannedFile file) {
  wanted_.push_back(file.path);
  if (file.optional && entry(file.path) == nullptr && kind(file.path) != Kind::kAbsent) {
    return;
  }
  if (blocked(file.path)) {
    return;
  }
  const Kind found = kind(file.path);
  if (found != Kind::kAbsent && found != Kind::kFile) {
    return in_the_way(file.path, found == Kind::kLink        ? "is a symbolic link"
                                 : found == Kind::kDirectory ? "is a directory"
                                                             : "is no regular file");
  }
  std::optional<std::string> current;
  if (found == Kind::kFile) {
    auto text = target_->read(file.path, kMostTarget);
    if (!text) {
      return in_the_way(file.path, text.error().message());
    }
    current = std::move(text->text);
  }
  if (file.block) {
    return want_block(std::move(file), std::move(current));
  }
  if (current && *current != file.text && !is_own(entry(file.path), digest_of(*current))) {
    if (entry(file.path) == nullptr) {
      return in_the_way(file.path, "exists already and was not written by an import");
    }
    note(file.path, "kept");
    report_.warnings.push_back(fmt::format(
        "{}: was changed since it was imported, and is left as it is; remove it to import it anew",
        shown(file.path)));
    return;
  }
  plan_write(std::move(file), current.value_or(""), current.has_value());
}

void Change::want_block(PlannedFile file, std::optional<std::string> current) {
  Manifest::File* const own = entry(file.path);
  if (current && own == nullptr) {
    return in_the_way(file.path, "exists already and was not written by an import");
  }
  const std::string block = file.text;
  const auto there = current ? block_of(*current, report_.host) : std::nullopt;
  const auto known = own == nullptr ? std::map<std::string, std::string>::iterator{}
                                    : own->blocks.find(report_.host);
  const bool has_known = own != nullptr && known != own->blocks.end();
  if (current && has_known && *there != block && (!there || digest_of(*there) != known->second) &&
      !is_own(own, digest_of(*current))) {
    note(file.path, "kept");
    report_.warnings.push_back(fmt::format(
        "{}: the imported rules were changed since, and are left as they are", shown(file.path)));
    return;
  }
  file.text = with_block(current.value_or(""), report_.host, block);
  const std::string path = file.path;
  plan_write(std::move(file), current.value_or(""), current.has_value());
  if (Manifest::File* const made = entry(path)) {
    made->blocks[report_.host] = digest_of(block);
  }
}

void Change::want(const PlannedLink& link) {
  const Kind found = kind(link.path);
  const auto known = manifest_.links.find(link.path);
  if (found == Kind::kAbsent && kind(above(link.path)) != Kind::kLink) {
    note(link.path, "created");
    manifest_.links[link.path] = link.to;
    links_.push_back(link);
  } else if (known != manifest_.links.end()) {
    note(link.path, "unchanged");
  }
}

bool Change::save_manifest() {
  const std::string text = manifest_text(manifest_);
  if (text == before_) {
    return true;
  }
  const std::string path(kManifest);
  if (target_->kind(path) != Kind::kAbsent && target_->kind(path) != Kind::kFile) {
    report_.errors.push_back(fmt::format("{} is no regular file", path));
    return false;
  }
  auto done = manifest_.empty() && drop_directories_ ? target_->remove(path)
                                                     : target_->write(path, text, 0644, true);
  if (!done) {
    report_.errors.push_back(done.error().message());
    return false;
  }
  before_ = text;
  return true;
}

bool Change::write_files() {
  bool fine = true;
  for (const Write& one : writes_) {
    Result<void> done = target_->make_dirs(above(one.file.path), manifest_.directories);
    if (done) {
      const int mode = one.file.executable ? 0755 : (one.file.secret ? 0600 : 0644);
      done = target_->write(one.file.path, one.file.text, mode, one.replace);
    }
    if (!done) {
      fine = false;
      report_.errors.push_back(done.error().message());
    }
    if (Manifest::File* const own = entry(one.file.path)) {
      own->previous.clear();
    }
  }
  return fine;
}

void Change::make_links() {
  for (const PlannedLink& link : links_) {
    Result<void> done = target_->make_dirs(above(link.path), manifest_.directories);
    if (done) {
      done = target_->make_link(link.path, link.to);
    }
    if (!done) {
      report_.errors.push_back(done.error().message());
      manifest_.links.erase(link.path);
    }
  }
}

void Change::carry_out() {
  if (dry_run_ || target_ == nullptr) {
    return;
  }
  if (!writes_.empty() || !links_.empty()) {
    if (auto made = target_->make_dirs(".opencode", manifest_.directories); !made) {
      report_.errors.push_back(made.error().message());
      report_.failed = true;
      return;
    }
  }
  const bool anything = !writes_.empty() || !links_.empty() || !removals_.empty();
  if (anything && !drop_directories_ && !save_manifest()) {
    report_.failed = true;
    return;
  }
  write_files();
  make_links();
  for (const std::string& path : removals_) {
    if (auto gone = target_->remove(path); !gone) {
      report_.errors.push_back(gone.error().message());
    }
    for (std::string at = above(path); !at.empty(); at = above(at)) {
      const auto made = std::find(manifest_.directories.begin(), manifest_.directories.end(), at);
      const auto gone = made == manifest_.directories.end() || at == ".opencode"
                            ? Result<bool>(false)
                            : target_->remove_dir(at);
      if (!gone || !*gone) {
        break;
      }
      manifest_.directories.erase(made);
    }
  }
  save_manifest();
  if (drop_directories_ && manifest_.empty()) {
    std::vector<std::string> made = manifest_.directories;
    std::reverse(made.begin(), made.end());
    for (const std::string& one : made) {
      (void)target_->remove_dir(one);
    }
  }
}

namespace {

/// The open target, or nothing (and an error, or a dry run into what is not there yet).
std::optional<Tree> open_target(const std::string& target, bool make, bool own_folder,
                                Report& report) {
  if (make && !os::exists(target)) {
    if (auto made = os::make_dirs(target); !made) {
      report.errors.push_back(made.error().message());
      return std::nullopt;
    }
  }
  if (!os::exists(target)) {
    return std::nullopt;
  }
  auto tree = Tree::open(target);
  if (!tree) {
    report.errors.push_back(tree.error().message());
    return std::nullopt;
  }
  if (own_folder) {
    tree->stand_for(".opencode");
  }
  return *std::move(tree);
}

std::optional<Manifest> load_manifest(const std::optional<Tree>& tree, Report& report) {
  if (!tree) {
    return Manifest{};
  }
  if (tree->kind(".opencode") == Kind::kLink) {
    report.errors.emplace_back(".opencode is a symbolic link; nothing is written through it");
    return std::nullopt;
  }
  auto manifest = read_manifest(*tree);
  if (!manifest) {
    report.errors.push_back(manifest.error().message());
    return std::nullopt;
  }
  return *std::move(manifest);
}

}  // namespace

namespace {

/// In a folder of its own nothing lies below ".opencode".
void show_as_own(Report& report) {
  static constexpr std::string_view kFolder = ".opencode/";
  for (FileOutcome& file : report.files) {
    if (file.path.starts_with(kFolder)) {
      file.path.erase(0, kFolder.size());
    }
  }
}

}  // namespace

void apply(const std::string& target, const Plan& plan, bool dry_run, Report& report,
           bool own_folder) {
  const std::size_t before = report.errors.size();
  const std::optional<Tree> tree = open_target(target, !dry_run, own_folder, report);
  auto manifest = report.errors.size() == before ? load_manifest(tree, report) : std::nullopt;
  if (!manifest) {
    report.failed = true;
    return;
  }
  Change change(tree ? &*tree : nullptr, *std::move(manifest), dry_run, report);
  std::map<std::string, PlannedFile> files;
  for (const PlannedFile& file : plan.files) {
    files[file.path] = file;
  }
  for (auto& [path, file] : files) {
    change.want(std::move(file));
  }
  for (const PlannedLink& link : plan.links) {
    change.want(link);
  }
  change.drop_files(true);
  change.carry_out();
  if (own_folder) {
    show_as_own(report);
  }
}

void undo(const std::string& target, bool dry_run, Report& report, bool own_folder) {
  const std::optional<Tree> tree = open_target(target, false, own_folder, report);
  auto manifest = load_manifest(tree, report);
  if (!manifest || !tree) {
    report.failed = true;
    if (report.errors.empty()) {
      report.errors.push_back(fmt::format("{} does not exist", target));
    }
    return;
  }
  if (manifest->empty()) {
    report.warnings.push_back(fmt::format("{} holds nothing that an import has written", target));
    return;
  }
  Change change(&*tree, *std::move(manifest), dry_run, report);
  change.drop_files(false);
  change.drop_links();
  change.carry_out();
  if (own_folder) {
    show_as_own(report);
  }
}

}  // namespace oap::migration
