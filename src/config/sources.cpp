#include "config/sources.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <sys/stat.h>

#include "os/file.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace oap::config {
namespace {

constexpr std::size_t kMaxFile = 4U << 20U;
constexpr std::string_view kMain = "config.yaml";
constexpr std::string_view kPermissions = "permissions.yaml";

std::vector<std::string> file_names() {
  std::vector<std::string> names{std::string(kMain), std::string(kPermissions)};
  for (const OwnFile& own : own_files()) {
    names.emplace_back(own.file);
  }
  return names;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

class Reader {
 public:
  Reader(const std::string& dir, const FolderOptions& options) : dir_(dir), options_(options) {}

  Folder run() {
    read(std::string(kMain), nullptr);
    for (const OwnFile& own : own_files()) {
      read(std::string(own.file), &own);
    }
    const std::string permissions = dir_ + "/" + std::string(kPermissions);
    if (usable(permissions)) {
      folder_.permission_file = permissions;
    }
    find_double_keys();
    look_at_names();
    return std::move(folder_);
  }

 private:
  void problem(const std::string& path, std::string message) {
    folder_.problems.push_back({path, 0, "", std::move(message)});
  }

  /// True where the file is there and may be read and believed.
  bool usable(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
      const int reason = errno;
      if (reason != ENOENT && reason != ENOTDIR) {
        problem(path, os::errno_error("reading", path, reason).message());
      } else if (struct stat link{}; ::lstat(path.c_str(), &link) == 0) {
        problem(path, "is a symbolic link to nothing; remove or mend it");
      }
      return false;
    }
    if (os::is_stand_in(info)) {
      return false;
    }
    if (!S_ISREG(info.st_mode)) {
      problem(path, "is not a file");
      return false;
    }
    return !options_.managed || believable(path, info);
  }

  bool believable(const std::string& path, const struct stat& info) {
    struct stat folder{};
    const bool folder_known = ::stat(dir_.c_str(), &folder) == 0;
    const auto closed = [this](const struct stat& entry) {
      return entry.st_uid == options_.owner && (entry.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    };
    if (folder_known && closed(folder) && closed(info)) {
      return true;
    }
    problem(path,
            fmt::format("managed settings must belong to root and be writable by nobody else; "
                        "run: chown root '{0}' '{1}' && chmod go-w '{0}' '{1}'",
                        dir_, path));
    return false;
  }

  void read(const std::string& name, const OwnFile* own) {
    const std::string path = dir_ + "/" + name;
    if (!usable(path)) {
      return;
    }
    const Result<std::string> text = os::read_file(path, kMaxFile);
    if (!text) {
      return problem(path, text.error().to_string());
    }
    Result<yaml::Document> document = yaml::parse(*text, path);
    if (!document) {
      folder_.problems.push_back(problem_of(path, document.error()));
      return;
    }
    folder_.sources.push_back({*std::move(document), own});
  }

  void find_double_keys() {
    if (folder_.sources.empty() || folder_.sources[0].own != nullptr) {
      return;
    }
    const yaml::Document& main = folder_.sources[0].document;
    for (const Source& source : folder_.sources) {
      if (source.own == nullptr || json::find(main.value, source.own->key) == nullptr ||
          json::find(source.document.value, source.own->key) == nullptr) {
        continue;
      }
      const std::string pointer = "/" + std::string(source.own->key);
      folder_.problems.push_back({main.file, main.line(pointer), std::string(source.own->key),
                                  fmt::format("is also in {}; keep it in one of the two",
                                              source.document.where(pointer))});
    }
  }

  void look_at_names() {
    const Result<std::vector<std::string>> entries = os::list_dir(dir_);
    if (!entries) {
      return;
    }
    const std::vector<std::string> known = file_names();
    for (const std::string& name : *entries) {
      const bool yml = ends_with(name, ".yml");
      if ((!yml && !ends_with(name, ".yaml")) ||
          std::find(known.begin(), known.end(), name) != known.end()) {
        continue;
      }
      const std::string wanted = yml ? name.substr(0, name.size() - 3) + "yaml" : name;
      if (std::find(known.begin(), known.end(), wanted) != known.end()) {
        problem(dir_ + "/" + name, "is not read under this name; call it " + wanted);
      } else if (const auto nearest = text::nearest(wanted, known)) {
        folder_.warnings.push_back(fmt::format("{}/{} is not read; did you mean {}?", dir_,
                                               text::escape_visible(name), *nearest));
      }
    }
  }

  const std::string& dir_;
  const FolderOptions& options_;
  Folder folder_;
};

}  // namespace

Folder read_folder(const std::string& dir, const FolderOptions& options) {
  return dir.empty() ? Folder{} : Reader(dir, options).run();
}

Problem problem_of(const std::string& file, const Error& error) {
  Problem problem{file, 0, "", error.message()};
  std::string_view rest = problem.message;
  if (rest.substr(0, file.size() + 1) == file + ":") {
    rest.remove_prefix(file.size() + 1);
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), problem.line);
    rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()));
    problem.message = std::string(rest.substr(0, 2) == ": " ? rest.substr(2) : rest);
  }
  return problem;
}

}  // namespace oap::config
