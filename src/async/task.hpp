#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.hpp"

namespace oap {

/// What everything that waits returns. Lazy: starts when awaited. Cancelled by cancelling the
/// `async::Scope` or deadline it runs under; a cancelled wait ends with kCancelled or
/// kDeadlineExceeded, never with an exception that leaves the awaiting function's own adapter.
template <class T>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

}  // namespace oap
