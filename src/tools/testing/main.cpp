#include <string_view>

#include "tools/serve.hpp"

// The built-in server as a program of its own, for tests: WORKSPACE [CAPABILITY...]
int main(int argc, char** argv) {
  oap::tools::ServeOptions options;
  options.workspace = argc > 1 ? argv[1] : ".";
  for (int i = 2; i < argc; ++i) {
    options.capabilities.emplace_back(argv[i]);
  }
  return oap::tools::serve_sandbox(options);
}
