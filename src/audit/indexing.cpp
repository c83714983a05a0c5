#include "audit/indexing.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/checkpoint.hpp"
#include "audit/regular_file.hpp"
#include "base/log.hpp"
#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::string_view kPurpose = "oap audit index";
constexpr std::size_t kMostKeyBytes = 16'384;

constexpr std::string_view kClearEnd = ".index";
constexpr std::string_view kEncryptedEnd = ".sealed";

std::string stem(const std::string& dir, const Segment& segment) {
  return dir + "/index/" + segment.name.substr(0, 20);
}

std::string derived(std::string_view key, const Segment& segment) {
  return std::string(
      crypto::as_bytes(crypto::hmac_sha256(key, fmt::format("{} {}", kPurpose, segment.first))));
}

/// Nothing where it is not there. With `make`, a folder without a signing key gets one.
std::optional<std::string> index_key(const std::string& dir, const Segment& segment, Keyring* keys,
                                     bool make) {
  if (has_segment_key(dir, segment.first)) {
    const auto key = keys == nullptr ? Result<std::string>(fail(Code::kNotFound, "no keys"))
                                     : keys->segment_key(segment.first, false);
    return key ? std::optional(derived(*key, segment)) : std::nullopt;
  }
  const std::string path = dir + "/" + std::string(kSigningKeyFile);
  if (make && !os::exists(path) && !signing_key(dir)) {
    return std::nullopt;
  }
  const auto pem = read_regular(path, kMostKeyBytes);
  return pem ? std::optional(derived(*pem, segment)) : std::nullopt;
}

os::UniqueFd open_file(const std::string& path) {
  auto file = open_regular(path, O_RDONLY);
  return file ? *std::move(file) : os::UniqueFd();
}

void warn_changed(const std::string& path) {
  log::warn("audit", "an index file was not what was written and is made anew", {{"file", path}});
}

/// An index that cannot be kept only costs time, so that is no error.
void write_index(const std::string& dir, const Segment& segment, int fd, std::uint64_t size,
                 Keyring* keys, const std::string& key, std::optional<IndexFile> old,
                 const std::atomic<bool>& stop) {
  SegmentIndex index;
  if (old) {
    index = old->load().value_or(SegmentIndex());
  }
  if (!index.extend(fd, size, keys, segment.first, stop) || index.covered() == 0 ||
      !os::make_dirs(dir + "/index", 0700)) {
    return;
  }
  const auto sealed = seal_pages(key, index.print(), has_segment_key(dir, segment.first));
  if (sealed) {
    (void)os::write_file_atomic(index_path(dir, segment), *sealed, 0600);
  }
}

std::optional<IndexFile> load_index(const std::string& path, const std::string& key, int fd,
                                    std::uint64_t size) {
  os::UniqueFd file = open_file(path);
  if (!file) {
    return std::nullopt;
  }
  auto pages = SealedPages::open(std::move(file), key);
  auto index = pages ? IndexFile::open(*std::move(pages), fd, size) : std::nullopt;
  if (!index) {
    warn_changed(path);
  }
  return index;
}

/// Whoever has the folder's signing key can seal any index of records in clear. One that no longer
/// fits the segment is not looked at by a search either.
bool says_what_records_say(const std::string& dir, const Segment& segment, SealedPages& pages) {
  const os::UniqueFd records = open_file(dir + "/" + segment.name);
  struct stat info{};
  if (!records || fstat(records.get(), &info) != 0) {
    return true;
  }
  std::string content(static_cast<std::size_t>(pages.size()), '\0');
  if (!pages.read(0, content.data(), content.size())) {
    return false;
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const auto index = IndexFile::open(std::move(pages), records.get(), size);
  SegmentIndex made;
  return !index || (made.extend(records.get(), index->covered(), nullptr, segment.first, kGoOn) &&
                    made.print() == content);
}

}  // namespace

std::string index_path(const std::string& dir, const Segment& segment) {
  return stem(dir, segment) +
         std::string(has_segment_key(dir, segment.first) ? kEncryptedEnd : kClearEnd);
}

void remove_index(const std::string& dir, const Segment& segment) {
  for (const std::string_view end : {kClearEnd, kEncryptedEnd}) {
    (void)::unlink((stem(dir, segment) + std::string(end)).c_str());
  }
}

std::optional<IndexFile> open_index(const std::string& dir, const Segment& segment, int fd,
                                    std::uint64_t size, Keyring* keys, std::uint64_t most_left_out,
                                    const std::atomic<bool>& stop) {
  const auto key = index_key(dir, segment, keys, size > most_left_out);
  if (!key) {
    return std::nullopt;
  }
  const std::string path = index_path(dir, segment);
  auto index = load_index(path, *key, fd, size);
  if (size - (index ? index->covered() : 0) > most_left_out) {
    write_index(dir, segment, fd, size, keys, *key, std::move(index), stop);
    index = load_index(path, *key, fd, size);
  }
  return index;
}

void drop_index(const std::string& dir, const Segment& segment) {
  const std::string path = index_path(dir, segment);
  warn_changed(path);
  (void)::unlink(path.c_str());
}

void make_indexes(const std::string& dir, Keyring* keys, const std::atomic<bool>& stop) {
  const auto segments = list_segments(dir);
  if (!segments || segments->empty()) {
    return;
  }
  const Segment& newest = segments->back();
  const auto make = [&](const Segment& segment, std::uint64_t most_left_out) {
    const os::UniqueFd file = open_file(dir + "/" + segment.name);
    const auto size = file ? written_size(file.get(), segment.size) : Result<std::uint64_t>(0);
    if (size && !stop) {
      (void)open_index(dir, segment, file.get(), *size, keys, most_left_out, stop);
    }
  };
  for (auto segment = segments->rbegin() + 1; segment != segments->rend() && !stop; ++segment) {
    if (!os::exists(index_path(dir, *segment))) {
      make(*segment, 0);
    }
  }
  if (!has_segment_key(dir, newest.first)) {
    make(newest, kIndexStep / 2);
  }
}

std::vector<std::string> check_indexes(const std::string& dir, const std::vector<Segment>& segments,
                                       Keyring* keys) {
  std::vector<std::string> wrong;
  for (const Segment& segment : segments) {
    os::UniqueFd file = open_file(index_path(dir, segment));
    const auto key = file ? index_key(dir, segment, keys, false) : std::nullopt;
    if (!key) {
      continue;
    }
    auto pages = SealedPages::open(std::move(file), *key);
    if (!pages || !pages->is_intact()) {
      wrong.push_back(fmt::format(
          "the index of {} is not what was written: searches may have missed records; the next "
          "one makes it anew",
          segment.name));
    } else if (!has_segment_key(dir, segment.first) &&
               !says_what_records_say(dir, segment, *pages)) {
      wrong.push_back(
          fmt::format("the index of {} is sealed with the folder's key, but is not that of the "
                      "records: searches may have missed some. Delete {}; the next search makes it "
                      "anew",
                      segment.name, index_path(dir, segment)));
    }
  }
  return wrong;
}

void forget_user(const std::string& dir, std::string_view user_id, Keyring& keys) {
  const auto segments = list_segments(dir);
  const std::string quoted = json::quote(user_id);
  const std::uint64_t token =
      token_of("user_id", std::string_view(quoted).substr(1, quoted.size() - 2));
  for (const Segment& segment : segments ? *segments : std::vector<Segment>()) {
    const std::string path = index_path(dir, segment);
    if (!has_segment_key(dir, segment.first) || !os::exists(path)) {
      continue;
    }
    const os::UniqueFd records = open_file(dir + "/" + segment.name);
    const auto key = index_key(dir, segment, &keys, false);
    auto index = key ? load_index(path, *key, records.get(), segment.size) : std::nullopt;
    const auto found = index ? index->find(token) : std::nullopt;
    if (!found || found->count > 0) {
      (void)::unlink(path.c_str());
    }
  }
}

}  // namespace oap::audit
