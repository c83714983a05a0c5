#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "migration/plan.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostTarget = 64U << 20U;

std::string digest_of(std::string_view text) { return crypto::sha256_hex(text); }

std::string shown(std::string_view path) { return text::escape_visible(path); }

std::string above(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

void add_host(Manifest::File& file, const std::string& host) {
  if (std::find(file.hosts.begin(), file.hosts.end(), host) == file.hosts.end()) {
    file.hosts.push_back(host);
    std::sort(file.hosts.begin(), file.hosts.end());
  }
}

bool only_host(const Manifest::File& file, const std::string& host) {
  return file.hosts.size() == 1 && file.hosts.front() == host;
}

/// The files of one target under change: what is there, what is an import's own.
class Change {
 public:
  Change(const Tree* target, Manifest manifest, bool dry_run, Report& report)
      : target_(target), manifest_(std::move(manifest)), dry_run_(dry_run), report_(report) {
    before_ = manifest_text(manifest_);
  }

  void want(PlannedFile file);
  void want(const PlannedLink& link);
  void drop_files(bool wanted_stay);
  void drop_links();
  void carry_out();

 private:
  struct Write {
    PlannedFile file;
    bool replace = false;
  };

  void note(const std::string& path, std::string_view action) {
    report_.files.push_back({path, std::string(action)});
  }
  void in_the_way(const std::string& path, std::string_view why) {
    note(path, "kept");
    report_.errors.push_back(fmt::format(
        "{}: {}; it is left as it is: move it away and import again", shown(path), why));
  }
  Kind kind(const std::string& path) const {
    return target_ == nullptr ? Kind::kAbsent : target_->kind(path);
  }
  /// True where a directory on the way is a link or a file.
  bool blocked(const std::string& path);
  Manifest::File* entry(const std::string& path) {
    const auto found = manifest_.files.find(path);
    return found == manifest_.files.end() ? nullptr : &found->second;
  }
  static bool is_own(const Manifest::File* entry, const std::string& digest) {
    return entry != nullptr &&
           (entry->sha256 == digest || (!entry->previous.empty() && entry->previous == digest));
  }
  void plan_write(PlannedFile file, std::string_view current, bool there);
  void want_block(PlannedFile file, std::optional<std::string> current);
  void remember(const PlannedFile& file, const std::string& previous);
  void drop_block(const std::string& path, Manifest::File& entry, const std::string& current);
  void drop_file(const std::string& path);
  bool save_manifest();
  bool write_files();
  void make_links();

  const Tree* target_;
  Manifest manifest_;
  bool dry_run_;
  Report& report_;
  std::string before_;
  std::vector<Write> writes_;
  std::vector<PlannedLink> links_;
  std::vector<std::string> removals_;
  std::vector<std::string> wanted_;
  bool drop_directories_ = false;
};

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
      done = target_->write(one.file.path, one.file.text, one.file.executable ? 0755 : 0644,
                            one.replace);
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

/// The open target, or nothing (and an error, or a dry run into what is not there yet).
std::optional<Tree> open_target(const std::string& target, bool make, Report& report) {
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

void apply(const std::string& target, const Plan& plan, bool dry_run, Report& report) {
  const std::size_t before = report.errors.size();
  const std::optional<Tree> tree = open_target(target, !dry_run, report);
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
}

void undo(const std::string& target, bool dry_run, Report& report) {
  const std::optional<Tree> tree = open_target(target, false, report);
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
}

}  // namespace oap::migration
