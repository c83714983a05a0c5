// Runs a fuzz target without libFuzzer: every file of the corpus folder, then seeded mutations of
// those and of a few fixed texts. The same inputs at every run.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kMutations = 3'000;

void run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::vector<std::string> seeds(const char* folder) {
  std::vector<std::string> list = {"",
                                   "{}",
                                   "{\"a\":[1,2.5,\"x\"],\"b\":null}",
                                   "a: 1\nb: [x, y]\n",
                                   "---\nname: x\n---\nbody",
                                   "data: x\n\ndata: [DONE]\n\n",
                                   "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
                                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
                                   "src/**/*.py",
                                   "rm -rf \"$(pwd)\" && ls | cat"};
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      list.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  return list;
}

std::string mutate(std::string text, std::mt19937& random) {
  const auto pick = [&](std::size_t below) { return below == 0 ? 0 : random() % below; };
  const int edits = 1 + static_cast<int>(pick(6));
  for (int i = 0; i < edits; ++i) {
    const std::size_t at = pick(text.size() + 1);
    switch (pick(4)) {
      case 0:
        text.insert(at, 1, static_cast<char>(random()));
        break;
      case 1:
        text.erase(at, pick(8));
        break;
      case 2:
        text.insert(at, text.substr(pick(text.size() + 1), pick(32)));
        break;
      default:
        if (at < text.size()) {
          text[at] = static_cast<char>(random());
        }
        break;
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> list = seeds(argc > 1 ? argv[1] : "");
  for (const std::string& seed : list) {
    run(seed);
  }
  std::mt19937 random(20261121);
  for (int i = 0; i < kMutations; ++i) {
    run(mutate(list[random() % list.size()], random));
  }
  std::printf("%zu seeds, %d mutations\n", list.size(), kMutations);
  return 0;
}
