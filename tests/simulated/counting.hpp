#pragma once

#include <utility>
#include <variant>

#include "wire/transport.hpp"

namespace simulated {

/// A rank's own transport, which counts how often it looks for messages, and what it sends.
class counting final : public mpimap::detail::transport {
  public:
    explicit counting(mpimap::detail::transport& own) : own_(own) {}
    void send(int destination, const mpimap::detail::wire::message& what,
              mpimap::detail::outgoing&& content) override {
        chunks += std::holds_alternative<mpimap::detail::wire::chunk>(what) ? 1 : 0;
        own_.send(destination, what, std::move(content));
    }
    void progress() override {
        ++looks;
        own_.progress();
    }
    [[nodiscard]] mpimap::detail::incoming* next() override { return own_.next(); }
    void done() override { own_.done(); }
    [[nodiscard]] bool moved() const override { return own_.moved(); }
    void keep_what_is_done(bool keep) override { own_.keep_what_is_done(keep); }
    [[nodiscard]] bool sent() const override { return own_.sent(); }
    [[nodiscard]] bool received() const override { return own_.received(); }
    [[nodiscard]] bool transferring() const override { return own_.transferring(); }
    [[nodiscard]] bool behind() const override { return own_.behind(); }

    long looks = 0;
    long chunks = 0; // that were sent

  private:
    mpimap::detail::transport& own_;
};

} // namespace simulated
