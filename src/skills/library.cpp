#include "skills/library.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include <fmt/chrono.h>

#include "os/file.hpp"
#include "skills/pins.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostSkills = 500;
constexpr int kMostDepth = 3;
constexpr std::string_view kFile = "SKILL.md";

struct Root {
  fs::path path;
  Scope scope;
};

std::vector<Root> roots_of(const LibraryOptions& options) {
  std::vector<Root> roots;
  const auto add = [&](const std::string& base, std::string_view below, Scope scope) {
    if (!base.empty()) {
      roots.push_back({fs::path(base) / below, scope});
    }
  };
  for (const char* const folder : {"skills", "skill"}) {
    add(options.project_dir, folder, Scope::kProject);
  }
  for (const char* const folder : {".agents/skills", ".claude/skills"}) {
    add(options.workspace, folder, Scope::kProject);
  }
  add(options.user_dir, "skills", Scope::kUser);
  for (const char* const folder :
       {".opencode/skills", ".config/opencode/skills", ".agents/skills", ".claude/skills"}) {
    add(options.home, folder, Scope::kUser);
  }
  for (const std::string& path : options.paths) {
    add(path, "", Scope::kUser);
  }
  return roots;
}

bool is_below(const fs::path& path, const fs::path& root) {
  const auto [end, _] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end() && path != root;
}

/// Finds the places of skills; reads none.
class Finder {
 public:
  Finder(const LibraryOptions& options, Library& library) : library_(library) {
    for (const Root& root : roots_of(options)) {
      std::error_code error;
      const fs::path canonical = fs::canonical(root.path, error);
      if (!error && seen_roots_.insert(canonical.string()).second) {
        roots_.push_back({canonical, root.scope});
      }
    }
  }

  std::vector<Entry> find() {
    for (const Root& root : roots_) {
      walk(root.path, root.scope, 1);
    }
    return std::move(found_);
  }

 private:
  void problem(const fs::path& path, std::string_view why) {
    library_.problems.push_back(
        fmt::format("{} is left out: {}", text::escape_visible(path.string()), why));
  }

  void add(const fs::path& path, std::string name, Scope scope, bool flat) {
    if (found_.size() >= kMostSkills) {
      if (found_.size() == kMostSkills && !full_) {
        full_ = true;
        problem(path, fmt::format("there are more than {} skills", kMostSkills));
      }
      return;
    }
    Entry entry;
    entry.skill.name = std::move(name);
    entry.scope = scope;
    entry.folder = path.string();
    entry.flat = flat;
    found_.push_back(std::move(entry));
  }

  void link(const fs::path& path) {
    std::error_code error;
    const fs::path target = fs::canonical(path, error);
    const bool known = !error && std::any_of(roots_.begin(), roots_.end(), [&](const Root& root) {
      return is_below(target, root.path);
    });
    if (!known) {
      problem(path, "it is a link that leads out of the folders of skills, or nowhere");
    }
  }

  void walk(const fs::path& folder, Scope scope, int depth) {
    const auto names = os::list_dir(folder.string());
    if (!names) {
      problem(folder, names.error().message());
      return;
    }
    for (const std::string& name : *names) {
      const fs::path path = folder / name;
      std::error_code error;
      const fs::file_status status = fs::symlink_status(path, error);
      if (fs::is_symlink(status)) {
        link(path);
      } else if (fs::is_directory(status)) {
        directory(path, name, scope, depth);
      } else if (fs::is_regular_file(status) && name.ends_with(".md") && name != kFile &&
                 name != "README.md" && depth == 1) {
        add(path, name.substr(0, name.size() - 3), scope, true);
      }
    }
  }

  void directory(const fs::path& path, const std::string& name, Scope scope, int depth) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(path / kFile, error))) {
      add(path, name, scope, false);
    } else if (depth < kMostDepth && name != ".git" && name != "node_modules") {
      walk(path, scope, depth + 1);
    }
  }

  Library& library_;
  std::vector<Root> roots_;
  std::set<std::string> seen_roots_;
  std::vector<Entry> found_;
  bool full_ = false;
};

/// Reads the skill; false where it is broken, and why.
bool read(Entry& entry) {
  const auto broken = [&entry](std::string why) {
    entry.state = Entry::State::kBroken;
    entry.why = std::move(why);
    return false;
  };
  if (!is_skill_name(entry.skill.name)) {
    return broken(
        fmt::format("'{}' cannot be a skill's name", text::escape_visible(entry.skill.name)));
  }
  auto folder = entry.flat ? read_flat(entry.folder) : read_folder(entry.folder);
  if (!folder) {
    return broken(folder.error().message());
  }
  const FolderFile* const file = entry.flat ? &folder->files.front() : folder->find(kFile);
  if (file == nullptr) {
    return broken("SKILL.md is no file");
  }
  const std::string shown = entry.flat ? entry.folder : (fs::path(entry.folder) / kFile).string();
  auto skill = parse_skill(file->text, entry.skill.name, shown, entry.flat);
  if (!skill) {
    return broken(skill.error().message());
  }
  entry.skill = *std::move(skill);
  entry.digest = folder->digest;
  entry.files = *std::move(folder);
  return true;
}

/// Decides who is ready, by the pins of one scope; what it accepts is pinned at the end.
class Judge {
 public:
  Judge(const LibraryOptions& options, Scope scope, const FileScan& scan, Library& library)
      : options_(options), scope_(scope), scan_(scan), file_(pins_file(options, scope)) {
    if (!file_.empty()) {
      auto pins = read_pins(file_);
      readable_ = pins.has_value();
      if (pins) {
        pins_ = *std::move(pins);
      } else {
        library.problems.push_back(pins.error().message());
      }
    }
  }

  void judge(Entry& entry) {
    const auto pin = pins_.by_folder.find(entry.folder);
    const bool pinned = pin != pins_.by_folder.end();
    if (pinned) {
      entry.source = pin->second.source;
      entry.commit = pin->second.commit;
    }
    if (pinned && pin->second.digest == entry.digest) {
      entry.state = Entry::State::kReady;
      entry.pinned = true;
      return;
    }
    entry.findings = scan(entry.files, scan_);
    const std::string command = "oap skills trust " + entry.skill.name;
    if (!readable_) {
      return hold(entry, "the record of trusted skills cannot be read");
    }
    if (pinned) {
      return hold(entry, "it has changed since it was trusted; look at it, then: " + command);
    }
    if (scope_ == Scope::kProject && !options_.trusted) {
      entry.state = Entry::State::kUntrusted;
      entry.why = "this folder is not trusted; run: oap trust (or " + command + ")";
      return;
    }
    if (blocks(entry.findings)) {
      return hold(entry, fmt::format("the scan found: {} ({}:{}); look at it, then: {}",
                                     entry.findings.front().what, entry.findings.front().file,
                                     entry.findings.front().line, command));
    }
    if (scope_ == Scope::kProject && options_.recorded && pins_.seen) {
      return hold(entry, "it is new since the folder was trusted; look at it, then: " + command);
    }
    entry.state = Entry::State::kReady;
    accepted_[entry.folder] = {entry.digest, "", "", "first sight", pin_time()};
  }

  void keep(Library& library) {
    const bool may = scope_ == Scope::kUser || options_.recorded;
    const bool first = scope_ == Scope::kProject && !pins_.seen;
    if (file_.empty() || !readable_ || !may || (accepted_.empty() && !first)) {
      return;
    }
    const auto kept = change_pins(file_, [this](Pins& pins) {
      for (const auto& [folder, pin] : accepted_) {
        pins.by_folder.emplace(folder, pin);
      }
      pins.seen = true;
    });
    if (!kept) {
      library.problems.push_back("trusted skills could not be recorded: " +
                                 kept.error().to_string());
    }
  }

 private:
  static void hold(Entry& entry, std::string why) {
    entry.state = Entry::State::kQuarantined;
    entry.why = std::move(why);
  }

  const LibraryOptions& options_;
  Scope scope_;
  const FileScan& scan_;
  std::string file_;
  bool readable_ = true;
  Pins pins_;
  std::map<std::string, Pin> accepted_;
};

}  // namespace

std::string_view to_string(Scope scope) { return scope == Scope::kProject ? "project" : "user"; }

const Entry* Library::find(std::string_view name) const {
  for (const Entry& entry : entries) {
    if (entry.skill.name == name && entry.state != Entry::State::kShadowed) {
      return &entry;
    }
  }
  return nullptr;
}

std::vector<std::string> Library::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    if (entry.state != Entry::State::kShadowed) {
      names.push_back(entry.skill.name);
    }
  }
  return names;
}

Library look(const LibraryOptions& options, const FileScan& file_scan) {
  Library library;
  library.entries = Finder(options, library).find();
  Judge project(options, Scope::kProject, file_scan, library);
  Judge user(options, Scope::kUser, file_scan, library);
  std::set<std::string> taken;
  for (Entry& entry : library.entries) {
    if (!read(entry)) {
      library.problems.push_back(fmt::format("the skill {} is left out: {}",
                                             text::escape_visible(entry.folder), entry.why));
      continue;
    }
    (entry.scope == Scope::kProject ? project : user).judge(entry);
    if (!taken.insert(entry.skill.name).second) {
      entry.state = Entry::State::kShadowed;
      entry.why = "another skill of this name comes first";
    }
  }
  project.keep(library);
  user.keep(library);
  const auto key = [](const Entry& entry) {
    return std::tuple<std::string_view, bool, std::string_view>(
        entry.skill.name, entry.state == Entry::State::kShadowed, entry.folder);
  };
  std::sort(library.entries.begin(), library.entries.end(),
            [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  return library;
}

const std::string& pins_file(const LibraryOptions& options, Scope scope) {
  return scope == Scope::kProject ? options.project_pins : options.user_pins;
}

std::string pin_time() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

Result<void> trust(const LibraryOptions& options, const Library& library, std::string_view name,
                   std::string_view by) {
  const Entry* const entry = library.find(name);
  if (entry == nullptr) {
    return fail(Code::kNotFound, "there is no skill '{}'{}", text::escape_visible(name),
                text::did_you_mean(name, library.names()));
  }
  if (entry->state == Entry::State::kBroken) {
    return fail(Code::kFailedPrecondition, "{}", entry->why);
  }
  const std::string& file = pins_file(options, entry->scope);
  if (file.empty()) {
    return fail(Code::kFailedPrecondition, "there is no state to record trust in");
  }
  return change_pins(file, [&](Pins& pins) {
    Pin& pin = pins.by_folder[entry->folder];
    pin.digest = entry->digest;
    pin.by = by;
    pin.at = pin_time();
  });
}

Result<void> forget_project(const LibraryOptions& options) {
  if (options.project_pins.empty() || !os::exists(options.project_pins)) {
    return {};
  }
  return change_pins(options.project_pins, [](Pins& pins) {
    pins.seen = false;
    std::erase_if(pins.by_folder, [](const auto& pair) { return pair.second.source.empty(); });
  });
}

}  // namespace oap::skills
