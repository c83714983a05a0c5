// How fast texts are scanned for secrets: memcpy, bare Vectorscan over the same database, and ours,
// in one run. Usage: secret_scan_bench [--rounds N] [--json] FILE|FOLDER…   (see
// tests/bench/secret_scan)
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "security/secret_prefilter.hpp"
#include "security/secret_scanner.hpp"

namespace {

using oap::security::Hit;
using oap::security::prefilter;
using oap::security::SecretScanner;
using oap::security::SecretStream;

constexpr std::size_t kMostBytes = 60'000'000;
volatile std::size_t g_sink = 0;

std::string corpus_of(const std::vector<std::string>& paths) {
  std::string out;
  const auto add = [&](const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (text.substr(0, 8192).find('\0') == std::string::npos && out.size() < kMostBytes) {
      out += text;
    }
  };
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      add(path);
      continue;
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             path, std::filesystem::directory_options::skip_permission_denied)) {
      if (entry.is_regular_file() && !entry.is_symlink()) {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      add(file);
    }
  }
  return out;
}

/// The thread's own time: what else the machine does is not counted.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double megabytes_per_second(std::size_t bytes, Work&& work) {
  const double start = thread_seconds();
  work();
  return static_cast<double>(bytes) / (thread_seconds() - start) / 1e6;
}

template <class Each>
void in_pieces(std::string_view text, std::size_t piece, Each&& each) {
  for (std::size_t at = 0; at < text.size(); at += piece) {
    each(text.substr(at, piece));
  }
}

void bare(std::string_view text, std::size_t piece) {
  std::vector<Hit> hits;
  std::size_t count = 0;
  in_pieces(text, piece, [&](std::string_view part) {
    hits.clear();
    g_sink = g_sink + (prefilter(part, false, hits) ? 1 : 0);
    count += hits.size();
  });
  g_sink = g_sink + count;
}

void streamed(const SecretScanner& scanner, std::string_view text, std::size_t piece) {
  SecretStream stream(scanner);
  std::string out;
  in_pieces(text, piece, [&](std::string_view part) {
    out.clear();
    stream.push(part, out);
    g_sink = g_sink + out.size();
  });
  g_sink = g_sink + stream.finish().size();
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 5;
  bool as_json = false;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--rounds" && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--json") {
      as_json = true;
    } else {
      paths.push_back(word);
    }
  }
  const std::string text = corpus_of(paths);
  if (text.empty()) {
    std::fputs("usage: secret_scan_bench [--rounds N] [--json] FILE|FOLDER...\n", stderr);
    return 2;
  }
  const SecretScanner scanner({}, "key");
  const SecretScanner knowing(
      {"correct-horse-battery-staple-1", "hunter2!hunter2!", "k93jfLq2mZ77"}, "key");
  std::string copy(text.size(), '\0');
  struct Line {
    std::string name;
    std::vector<double> speeds;
  };
  std::vector<Line> lines = {{"memcpy", {}},          {"vectorscan_64k", {}}, {"vectorscan_4k", {}},
                             {"scan_whole", {}},      {"stream_64k", {}},     {"stream_4k", {}},
                             {"stream_64k_known", {}}};
  for (int round = 0; round < rounds; ++round) {
    const auto note = [&](std::size_t line, auto&& work) {
      lines[line].speeds.push_back(megabytes_per_second(text.size(), work));
    };
    note(0, [&] { std::memcpy(copy.data(), text.data(), text.size()); });
    note(1, [&] { bare(text, 64U << 10U); });
    note(2, [&] { bare(text, 4U << 10U); });
    note(3, [&] { g_sink = g_sink + scanner.scan(text).size(); });
    note(4, [&] { streamed(scanner, text, 64U << 10U); });
    note(5, [&] { streamed(scanner, text, 4U << 10U); });
    note(6, [&] { streamed(knowing, text, 64U << 10U); });
  }
  const auto median = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  std::string json =
      fmt::format("{{\"bytes\":{},\"findings\":{}", text.size(), scanner.scan(text).size());
  for (const Line& line : lines) {
    json += fmt::format(",\"{}\":{:.1f}", line.name, median(line.speeds));
  }
  const double ratio_64k = median(lines[4].speeds) / median(lines[1].speeds);
  const double ratio_4k = median(lines[5].speeds) / median(lines[2].speeds);
  json += fmt::format(",\"ratio_64k\":{:.3f},\"ratio_4k\":{:.3f}}}", ratio_64k, ratio_4k);
  if (as_json) {
    std::puts(json.c_str());
    return 0;
  }
  std::printf("%zu bytes, %zu findings, median of %d\n", text.size(), scanner.scan(text).size(),
              rounds);
  for (const Line& line : lines) {
    const auto [low, high] = std::minmax_element(line.speeds.begin(), line.speeds.end());
    std::printf("%-18s %8.0f MB/s  (%.0f to %.0f)\n", line.name.c_str(), median(line.speeds), *low,
                *high);
  }
  std::printf("of bare Vectorscan: %.2f in 64 KiB pieces, %.2f in 4 KiB pieces (target 0.70)\n",
              ratio_64k, ratio_4k);
  return 0;
}
