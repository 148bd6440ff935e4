// The control plane that the tests of `kubernetes` tasks start: the real kube-apiserver or the real
// kube-controller-manager, as the first argument says. One program, since both share most of their code.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	commands := map[string]func() *cobra.Command{
		"apiserver":          apiserver.NewAPIServerCommand,
		"controller-manager": controllers.NewControllerManagerCommand,
	}
	if len(os.Args) > 1 && commands[os.Args[1]] != nil {
		make := commands[os.Args[1]]
		os.Args = append(os.Args[:1], os.Args[2:]...)
		os.Exit(cli.Run(make()))
	}
	fmt.Fprintln(os.Stderr, "usage: control apiserver|controller-manager [flags]")
	os.Exit(2)
}
