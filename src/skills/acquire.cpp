#include "skills/acquire.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "crypto/hash.hpp"
#include "os/file.hpp"
#include "sandbox/run.hpp"
#include "skills/pins.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

namespace fs = std::filesystem;

constexpr int kMostDepth = 5;
constexpr std::size_t kMostSkills = 200;
constexpr std::uint64_t kMostDisk = 512U << 20U;
constexpr std::size_t kMostSaid = 600;

/// Removes a folder when it goes.
class Removal {
 public:
  explicit Removal(std::string path) : path_(std::move(path)) {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;
  ~Removal() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

 private:
  std::string path_;
};

std::string host_of(std::string_view url) {
  std::string_view rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find('/'));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    rest = rest.substr(at + 1);
  }
  return std::string(rest);
}

sandbox::Spec git_spec(const Source& source, const std::string& place) {
  sandbox::Spec spec;
  spec.cwd = place;
  spec.workspace = place + "/empty";
  spec.writable = {place};
  spec.env = {{"GIT_TERMINAL_PROMPT", "0"},
              {"GIT_CONFIG_NOSYSTEM", "1"},
              {"GIT_CONFIG_GLOBAL", place + "/gitconfig"},
              {"GIT_LFS_SKIP_SMUDGE", "1"},
              {"GIT_ALLOW_PROTOCOL", "https:http:file:ssh"}};
  spec.limits.disk_bytes = kMostDisk;
  spec.limits.network = false;
  if (source.url.starts_with("file://")) {
    spec.readable = {source.url.substr(7)};
  } else if (source.url.starts_with("https://")) {
    spec.hosts = {host_of(source.url)};
  } else {
    spec.limits.network = true;
  }
  return spec;
}

std::string said(const sandbox::Output& output) {
  const std::string all = output.err.empty() ? output.out : output.err;
  return text::escape_visible(text::truncate_utf8(text::trim(all), kMostSaid),
                              {.keep_newlines = true});
}

Task<Result<std::string>> clone(Executor executor, Source source, std::string place,
                                Millis timeout) {
  OAP_CO_CHECK_OK(os::make_dirs(place + "/empty", 0700));
  // A repository on this machine may belong to another user than the sandboxed git.
  OAP_CO_CHECK_OK(os::write_file_atomic(place + "/gitconfig", "[safe]\n\tdirectory = *\n", 0644));
  sandbox::Spec spec = git_spec(source, place);
  spec.argv = {"git",
               "-c",
               "core.hooksPath=/dev/null",
               "-c",
               "core.fsmonitor=false",
               "-c",
               "safe.directory=*",
               "clone",
               "--quiet",
               "--depth",
               "1",
               "--single-branch",
               "--no-tags",
               "--no-recurse-submodules",
               "--template="};
  if (!source.ref.empty()) {
    spec.argv.insert(spec.argv.end(), {"--branch", source.ref});
  }
  spec.argv.insert(spec.argv.end(), {"--", source.url, place + "/repo"});
  sandbox::Spec ask = git_spec(source, place);
  ask.limits.network = false;
  ask.hosts.clear();
  ask.argv = {"git", "-c", "safe.directory=*", "-C", place + "/repo", "rev-parse", "HEAD"};
  sandbox::RunOptions options;
  options.deadline = Deadline::after(timeout);
  auto cloned = co_await sandbox::run(executor, std::move(spec), options);
  if (!cloned) {
    co_return fail(std::move(cloned).error().with_context("git clone"));
  }
  if (cloned->exit_code != 0) {
    co_return fail(cloned->timed_out ? Code::kDeadlineExceeded : Code::kUnavailable,
                   "{} cannot be fetched: {}", source.shown,
                   cloned->timed_out ? std::string("it took too long") : said(*cloned));
  }
  auto head = co_await sandbox::run(executor, std::move(ask), options);
  if (!head || head->exit_code != 0) {
    co_return fail(Code::kUnavailable, "{} has no commit", source.shown);
  }
  co_return std::string(text::trim(head->out));
}

class Gatherer {
 public:
  Gatherer(Fetched& fetched, const FileScan& scan) : fetched_(fetched), scan_(scan) {}

  void walk(const fs::path& folder, const std::string& shown, int depth) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(folder / "SKILL.md", error))) {
      take(folder, shown);
      return;
    }
    const auto names = os::list_dir(folder.string());
    if (!names || depth > kMostDepth) {
      return;
    }
    for (const std::string& name : *names) {
      const fs::path path = folder / name;
      if (name != ".git" && name != "node_modules" &&
          fs::is_directory(fs::symlink_status(path, error)) &&
          fetched_.skills.size() < kMostSkills) {
        walk(path, shown.empty() ? name : shown + "/" + name, depth + 1);
      }
    }
  }

 private:
  void problem(const std::string& shown, std::string_view why) {
    fetched_.problems.push_back(fmt::format(
        "{} is left out: {}", shown.empty() ? "the skill" : text::escape_visible(shown), why));
  }

  void take(const fs::path& folder, const std::string& shown) {
    auto files = read_folder(folder.string());
    if (!files) {
      return problem(shown, files.error().message());
    }
    const FolderFile* const file = files->find("SKILL.md");
    if (file == nullptr) {
      return problem(shown, "SKILL.md is no file");
    }
    auto skill = parse_skill(file->text, name_of(folder, *file), "SKILL.md");
    if (!skill) {
      return problem(shown, skill.error().message());
    }
    const bool twice =
        std::any_of(fetched_.skills.begin(), fetched_.skills.end(),
                    [&](const Fetched::Found& found) { return found.skill.name == skill->name; });
    if (twice) {
      return problem(shown, "there is another of its name");
    }
    std::vector<Finding> findings = scan(*files, scan_);
    fetched_.skills.push_back({*std::move(skill), *std::move(files), std::move(findings)});
  }

  /// A skill at the top of a repository has no folder of its own: there its head names it.
  static std::string name_of(const fs::path& folder, const FolderFile& file) {
    const std::string name = folder.filename().string();
    if (name != "repo") {
      return name;
    }
    for (const std::string_view line : text::split_lines(file.text)) {
      if (line.starts_with("name:")) {
        return std::string(text::trim(line.substr(5)));
      }
    }
    return name;
  }

  Fetched& fetched_;
  const FileScan& scan_;
};

}  // namespace

Task<Result<Fetched>> fetch(Executor executor, Source source, FetchOptions options) {
  Fetched fetched;
  fetched.source = source;
  std::string place = options.staging + "/oap-fetch-XXXXXX";
  if (::mkdtemp(place.data()) == nullptr) {
    co_return fail(os::errno_error("making a folder in", options.staging, errno));
  }
  const Removal removal(place);
  fs::path root = source.url;
  if (source.kind == Source::Kind::kGit) {
    auto commit = co_await clone(executor, source, place, options.timeout);
    if (!commit) {
      co_return fail(std::move(commit).error());
    }
    fetched.commit = *std::move(commit);
    root = fs::path(place) / "repo";
  } else {
    std::error_code error;
    root = fs::canonical(root, error);
    if (error || !fs::is_directory(root)) {
      co_return fail(Code::kNotFound, "there is no folder {}", text::escape_visible(source.url));
    }
  }
  if (!source.folder.empty()) {
    root /= source.folder;
  }
  Gatherer(fetched, options.file_scan).walk(root, source.folder, 1);
  std::sort(fetched.skills.begin(), fetched.skills.end(),
            [](const auto& a, const auto& b) { return a.skill.name < b.skill.name; });
  if (fetched.skills.empty()) {
    co_return fail(Code::kNotFound, "{} holds no skill{}", text::escape_visible(source.shown),
                   fetched.problems.empty() ? std::string() : ": " + fetched.problems.front());
  }
  co_return fetched;
}

Result<const Fetched::Found*> choose(const Fetched& fetched, std::string_view name) {
  std::vector<std::string> names;
  for (const Fetched::Found& found : fetched.skills) {
    if (found.skill.name == name || (name.empty() && fetched.skills.size() == 1)) {
      return &found;
    }
    names.push_back(found.skill.name);
  }
  if (name.empty()) {
    return fail(Code::kInvalidArgument, "{} holds several skills, name one with --skill: {}",
                fetched.source.shown, text::join(names, ", "));
  }
  return fail(Code::kInvalidArgument, "{} holds no skill '{}'{}", fetched.source.shown,
              text::escape_visible(name), text::did_you_mean(name, names));
}

namespace {

std::string home_of(const LibraryOptions& options, Scope scope) {
  const std::string& base = scope == Scope::kProject ? options.project_dir : options.user_dir;
  return base.empty() ? base : base + "/skills";
}

/// The spelling that `look` uses.
std::string canonical_below(const std::string& home, const std::string& name) {
  std::error_code error;
  const fs::path canonical = fs::canonical(home, error);
  return (error ? fs::path(home) : canonical) / name;
}

}  // namespace

Result<Installed> install(const LibraryOptions& options, Scope scope, const Fetched& fetched,
                          const Fetched::Found& found, std::string_view by, bool replace) {
  const std::string home = home_of(options, scope);
  const std::string& pins = pins_file(options, scope);
  if (home.empty() || pins.empty()) {
    return fail(Code::kFailedPrecondition, "there is no place for skills of the {}",
                to_string(scope));
  }
  OAP_CHECK_OK(os::make_dirs(home));
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(home, error))) {
    return fail(Code::kFailedPrecondition, "{} is a link; skills are installed only into a folder",
                home);
  }
  Installed installed{found.skill.name, canonical_below(home, found.skill.name), found.files.digest,
                      false};
  OAP_TRY(const Pins known, read_pins(pins));
  const bool there = fs::exists(fs::symlink_status(installed.folder, error));
  if (there) {
    const auto pin = known.by_folder.find(installed.folder);
    const bool same = pin != known.by_folder.end() && !pin->second.source.empty() &&
                      pin->second.source == fetched.source.shown;
    if (!same && !replace) {
      return fail(Code::kAlreadyExists,
                  "there is another skill {} in {}; remove it first (oap skills remove {})",
                  installed.name, home, installed.name);
    }
    installed.replaced = true;
  }
  // The pin comes first: a crash in between leaves a skill that does not fit its pin, which is
  // quarantined.
  OAP_CHECK_OK(change_pins(pins, [&](Pins& all) {
    all.by_folder[installed.folder] = {found.files.digest, fetched.source.shown, fetched.commit,
                                       std::string(by), pin_time()};
  }));
  const std::string old = installed.folder + ".old-" + crypto::random_hex(4);
  if (there) {
    fs::rename(installed.folder, old, error);
    if (error) {
      return fail(Code::kUnavailable, "{} cannot be replaced: {}", installed.folder,
                  error.message());
    }
  }
  const Result<void> written = write_folder(found.files, installed.folder);
  if (!written && there) {
    fs::rename(old, installed.folder, error);
  }
  fs::remove_all(old, error);
  OAP_CHECK_OK(written);
  return installed;
}

Result<void> remove(const LibraryOptions& options, const Entry& entry) {
  const std::string home = home_of(options, entry.scope);
  if (home.empty() || entry.folder != canonical_below(home, fs::path(entry.folder).filename())) {
    return fail(Code::kFailedPrecondition,
                "{} is not in a folder of this program's own; remove it by hand", entry.folder);
  }
  if (entry.source.empty()) {
    return fail(Code::kFailedPrecondition,
                "{} was not added by this program but written in {}; delete the folder yourself, "
                "if you do not need it",
                entry.skill.name, entry.folder);
  }
  std::error_code error;
  fs::remove_all(entry.folder, error);
  if (error) {
    return fail(Code::kUnavailable, "{} cannot be removed: {}", entry.folder, error.message());
  }
  return change_pins(pins_file(options, entry.scope),
                     [&](Pins& pins) { pins.by_folder.erase(entry.folder); });
}

}  // namespace oap::skills
