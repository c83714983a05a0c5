// The audit chain: no bytes crash the verifier, what is sealed verifies whatever the event holds,
// and any flipped byte is found.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

#include "audit/chain.hpp"
#include "audit/head.hpp"
#include "audit/segment.hpp"
#include "audit/tail.hpp"
#include "audit/verify.hpp"

namespace {

using namespace oap;

/// Checks a chain of lines; how many of them were wrong.
int count_problems(std::string_view bytes) {
  audit::Link link;
  int wrong = 0;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (audit::check_line(link, bytes.substr(0, end))) {
      ++wrong;
    }
    if (end == std::string_view::npos) {
      return wrong + 1;
    }
    bytes.remove_prefix(end + 1);
  }
  return wrong;
}

/// A folder of its own for this process.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / "oap-fuzz-audit-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) {
      std::abort();
    }
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The same bytes as a segment on disk, where the folder's own files are involved too.
void verify_folder(std::string_view bytes) {
  static const Folder folder;
  const std::string& dir = folder.path();
  std::ofstream(dir + "/" + audit::segment_name(1), std::ios::binary) << bytes;
  std::ofstream(dir + "/head", std::ios::binary) << bytes.substr(0, 4'096);
  std::ofstream(dir + "/head.json", std::ios::binary) << bytes.substr(0, 128);
  const auto report = audit::verify(dir);
  const std::string_view written = bytes.substr(0, bytes.find_last_not_of('\0') + 1);
  if (!report || (report->ok && !written.empty() && count_problems(written) > 1)) {
    std::abort();
  }
  if (!audit::tail(dir, 5)) {
    std::abort();
  }
}

void flip_is_found(std::string_view input) {
  audit::Event event;
  event.event_type = std::string(input.substr(0, input.size() / 2));
  event.resource = std::string(input.substr(input.size() / 2));
  event.arguments[event.event_type] = event.resource;
  std::string lines;
  audit::Link link;
  for (int i = 0; i < 2; ++i) {
    audit::seal(lines, link, audit::encode(event, {"evt_1", "2026-01-01"}));
  }
  if (count_problems(lines) != 0) {
    std::abort();
  }
  const std::size_t place = input.size() * 7'919 % lines.size();
  const auto mask = static_cast<unsigned char>(1U << (input.size() % 8));
  lines[place] = static_cast<char>(static_cast<unsigned char>(lines[place]) ^ mask);
  if (count_problems(lines) == 0) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  count_problems(input);
  audit::parse_link(input);
  audit::parse_head(input);
  verify_folder(input);
  flip_is_found(input);
  return 0;
}
