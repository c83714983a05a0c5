// The floor of tests/bench/hook_latency: a program that reads its input, answers and ends. Uses
// libc alone.
#include <unistd.h>

int main() {
  static char buffer[65'536];
  while (::read(0, buffer, sizeof buffer) > 0) {
  }
  return ::write(1, "{}\n", 3) == 3 ? 0 : 1;
}
