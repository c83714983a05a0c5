#pragma once

#include <cstddef>

#include <limits.h>

#include "sandbox/raw.hpp"

namespace oap::sandbox {

/// A text that takes no memory; what has no room is left out. Safe after a fork.
struct FixedText {
  char data[PATH_MAX + 16] = {};
  std::size_t size = 0;

  OAP_AFTER_FORK FixedText& add(const char* text) {
    for (; *text != '\0' && size + 1 < sizeof data; ++text) {
      data[size++] = *text;
    }
    data[size] = '\0';
    return *this;
  }
  OAP_AFTER_FORK FixedText& add(unsigned number) {
    char digits[12];
    int count = 0;
    for (; count == 0 || number > 0; number /= 10) {
      digits[count++] = static_cast<char>('0' + number % 10);
    }
    while (count > 0 && size + 1 < sizeof data) {
      data[size++] = digits[--count];
    }
    data[size] = '\0';
    return *this;
  }
};

}  // namespace oap::sandbox
