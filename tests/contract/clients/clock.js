// Sets the client's clock wrong by the hours of GELEIT_CLOCK, before the client is loaded.
{
  const wrong = Number(globalThis.GELEIT_CLOCK ?? globalThis.process?.env.GELEIT_CLOCK ?? 0) * 3600_000;
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...said) {
      if (said.length) super(...said);
      else super(Real.now() + wrong);
    }
    static now() {
      return Real.now() + wrong;
    }
  };
}
