"""The ledger: transactional state. An event is acknowledged after its commit here and usable at that moment."""
