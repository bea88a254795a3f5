#pragma once

#include <utility>

#include "driver/helper.hpp"
#include "wire/transport.hpp"

namespace mpimap::detail {

/// A rank's helper, from the first items that may take long until it is let go. Meanwhile the main thread has
/// its mutex, except in user code.
class engaged_helper {
  public:
    engaged_helper() = default;
    ~engaged_helper() { let_go(); }
    engaged_helper(const engaged_helper&) = delete;
    engaged_helper& operator=(const engaged_helper&) = delete;

    /// Engages it, unless it is: `serve` is what it does. Null where the rank has none.
    template <typename Serve>
    helper* engage(const endpoint& here, Serve serve) {
        if (helper_ != nullptr)
            return helper_;
        helper_ = here.assistant();
        if (helper_ != nullptr) {
            helper_->engage(std::move(serve));
            helper_->mutex.lock();
        }
        return helper_;
    }
    void let_go() {
        helper* const engaged = std::exchange(helper_, nullptr);
        if (engaged == nullptr)
            return;
        engaged->mutex.unlock();
        engaged->disengage();
    }

  private:
    helper* helper_ = nullptr;
};

} // namespace mpimap::detail
