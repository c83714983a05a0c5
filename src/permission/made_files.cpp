#include "permission/made_files.hpp"

#include <algorithm>

#include "permission/build_calls.hpp"
#include "permission/inline_code.hpp"
#include "permission/paths.hpp"
#include "permission/words.hpp"
#include "shell/name_set.hpp"

namespace oap::permission {
namespace {

constexpr std::size_t kMostRuns = 64;

/// Programs that put into a file what they are given.
bool fills_files(const Words& words) {
  return words.is({"tee", "sponge", "dd", "curl", "wget", "aria2c", "http", "openssl", "gpg", "xxd",
                   "iconv", "sort", "aws", "gsutil", "docker", "podman", "kubectl"});
}

/// Programs that bring a file, which counts where it comes from elsewhere or is made itself.
bool brings_files(const Words& words) {
  return words.is({"cp", "ln", "install", "link", "mv", "rsync"});
}

/// The files from which a program takes commands that it runs.
std::string_view recipes_of(std::string_view program) {
  struct Recipes {
    std::string_view programs;
    std::string_view names;
  };
  static constexpr Recipes kRecipes[] = {
      {" make gmake bmake ", " Makefile makefile GNUmakefile "},
      {" npm pnpm yarn npx bun ", " package.json .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs "},
      {" cargo ", " build.rs .cargo/config .cargo/config.toml "},
      {" git ", " .git/config .gitattributes "},
      {" just ", " justfile Justfile .justfile "},
      {" rake ", " Rakefile "},
  };
  static const shell::RowsByName<Recipes> kByProgram(kRecipes);
  const auto& rows = kByProgram.of(program);
  return rows.empty() ? std::string_view() : rows.front()->names;
}

/// The path as it is called from the directory; "" where it is not below it.
std::string_view name_below(std::string_view path, std::string_view directory) {
  const std::string_view parent = directory == "/" ? std::string_view() : directory;
  const bool below =
      path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '/';
  return below ? path.substr(parent.size() + 1) : std::string_view();
}

/// The word that names the file of code which the call runs; 0 for none.
std::size_t code_file(const Words& words) {
  const bool shell = words.is({"sh", "bash", "dash", "zsh", "ksh", "ash", "rbash", "busybox"});
  if (!shell && !words.is({"source", "."}) && !is_interpreter(words.program())) {
    return 0;
  }
  std::size_t at = words.first_operand(words.is({"busybox"}) ? 2 : 1);
  while (shell && at > 1 && Words::one_of(words[at - 1], {"-o", "-O", "+o", "+O"})) {
    at = words.first_operand(at + 1);
  }
  return at;
}

}  // namespace

void MadeFiles::note(const shell::SimpleCommand& command,
                     const std::vector<std::string>& directories,
                     const std::vector<PathFacet>& paths, std::size_t from) {
  const Words words(command);
  if (fills_files(words) || brings_files(words)) {
    note_made(words, paths, from);
  }
  const std::string& program = command.argv.front();
  const std::string_view recipes = recipes_of(words.program());
  const std::size_t file = code_file(words);
  for (const std::string& directory : directories) {
    if (runs_.size() >= kMostRuns) {
      return;
    }
    if (program.find('/') != std::string::npos) {
      runs_.push_back({lexical_path(program, directory), program, {}});
    }
    if (file != 0) {
      const bool known = command.kinds[file] == shell::WordKind::kStatic ||
                         command.kinds[file] == shell::WordKind::kTilde;
      runs_.push_back({known ? lexical_path(words[file], directory) : std::string(),
                       std::string(words[file]),
                       {}});
    }
    if (recipes.empty()) {
      continue;
    }
    runs_.push_back({directory, std::string(words.program()), recipes});
    for (const std::string& place : work_places(command)) {
      runs_.push_back({lexical_path(place, directory), place, {}});
      runs_.push_back({lexical_path(place, directory), place, recipes});
    }
  }
}

void MadeFiles::note_made(const Words& words, const std::vector<PathFacet>& paths,
                          std::size_t from) {
  const bool brings = brings_files(words);
  for (std::size_t i = from; i < paths.size(); ++i) {
    if (paths[i].access != Action::kWrite || !paths[i].exact) {
      continue;
    }
    if (!brings) {
      made_.push_back(paths[i].lexical);
    }
    for (std::size_t k = from; brings && k < paths.size() && brought_.size() < kMostRuns; ++k) {
      if (paths[k].access == Action::kRead) {
        const bool elsewhere = !paths[k].inside || !paths[k].exact;
        brought_.push_back({elsewhere ? std::string() : paths[k].lexical, paths[i].lexical});
      }
    }
  }
}

std::vector<std::string> MadeFiles::made(const std::vector<PathFacet>& paths) const {
  std::vector<std::string> out = made_;
  for (const PathFacet& path : paths) {
    if (path.redirect && path.access == Action::kWrite && path.exact) {
      out.push_back(path.lexical);
    }
  }
  for (std::size_t round = 0; round < 4; ++round) {
    for (const auto& [source, target] : brought_) {
      const auto is = [&](const std::string& path) {
        return std::find(out.begin(), out.end(), path) != out.end();
      };
      if ((source.empty() || is(source)) && !is(target)) {
        out.push_back(target);
      }
    }
  }
  return out;
}

std::string MadeFiles::run_and_made(const std::vector<PathFacet>& paths) const {
  if (runs_.empty()) {
    return {};
  }
  for (const std::string& one : made(paths)) {
    for (const Run& run : runs_) {
      const std::string_view name = name_below(one, run.lexical);
      if (run.names.empty() ? one == run.lexical || run.lexical.empty()
                            : Words::listed(run.names, name)) {
        return run.names.empty() ? run.shown : std::string(name);
      }
    }
  }
  return {};
}

}  // namespace oap::permission
