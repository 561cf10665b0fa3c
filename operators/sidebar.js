// Shows fields in the sidebar's groups as the dataset has them.
// The App reads a dataset's groups when it is opened and keeps them until the page is loaded anew: fields that were
// added meanwhile stand among the primitives.
(() => {
  const { Operator, OperatorConfig, registerOperator } = window.__foo__;

  class ArrangeSidebar extends Operator {
    get config() {
      return new OperatorConfig({ name: "arrange_sidebar", label: "Arrange the sidebar", unlisted: true });
    }

    async execute({ state, params }) {
      const groups = window.__fos__.sidebarGroups({ modal: false, loading: false, persist: false });
      state.set(groups, params.groups);
    }
  }

  registerOperator(ArrangeSidebar, "@deepmse/image-quality");
})();
