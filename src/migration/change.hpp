#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hash.hpp"
#include "migration/plan.hpp"
#include "text/utf8.hpp"

// Private to this folder.
namespace oap::migration {

inline constexpr std::size_t kMostTarget = 64U << 20U;

inline std::string digest_of(std::string_view text) { return crypto::sha256_hex(text); }

inline std::string shown(std::string_view path) { return text::escape_visible(path); }

inline std::string above(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

inline void add_host(Manifest::File& file, const std::string& host) {
  if (std::find(file.hosts.begin(), file.hosts.end(), host) == file.hosts.end()) {
    file.hosts.push_back(host);
    std::sort(file.hosts.begin(), file.hosts.end());
  }
}

inline bool only_host(const Manifest::File& file, const std::string& host) {
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

}  // namespace oap::migration
