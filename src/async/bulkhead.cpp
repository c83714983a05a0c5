#include "async/bulkhead.hpp"

#include <algorithm>

namespace oap::async {

Bulkhead::Bulkhead(Options options)
    : options_(std::move(options)),
      places_(options_.max_concurrent = std::max<std::size_t>(options_.max_concurrent, 1)) {}

Task<Result<Bulkhead::Permit>> Bulkhead::refuse(Error error) { co_return fail(std::move(error)); }

Task<Result<Bulkhead::Permit>> Bulkhead::acquire(Deadline deadline) {
  if (places_.available() == 0 && places_.waiting() >= options_.max_waiting) {
    ++refused_;
    return refuse(Error(
        Code::kResourceExhausted,
        fmt::format(
            "{} is busy: {} calls run and {} wait, which are its limits (max_concurrent {}, "
            "max_waiting {}); try again later",
            options_.name, running(), waiting(), options_.max_concurrent, options_.max_waiting)));
  }
  return places_.acquire(deadline);
}

}  // namespace oap::async
